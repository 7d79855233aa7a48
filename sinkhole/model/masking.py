"""Addresses without what is secret in them: what people and programs are shown of a list's address.

A list may be behind a password or a token, and its address holds that. The whole address is in
the settings file, and is what the list is fetched with; the page, the API, commands, errors and
log lines show the masked one.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"
"""What stands for a secret."""

_HEAD: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//|[A-Za-z][A-Za-z0-9+.-]*:(?!.*@)")
_PORT: Final = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::[0-9]*)?")
_PARAMETER: Final = re.compile(r"([A-Za-z][A-Za-z0-9_.\[\]-]{0,39})=(?!=*$)")
_VALUE_IN_PATH: Final = re.compile(r"(?<==)[^/;,]+")
_RUN: Final = re.compile(r"[A-Za-z0-9_~+-]{16,}")
_SWITCH: Final = re.compile(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_MOST_SWITCHES: Final = 3
_ADDRESS: Final = re.compile(r"""(?<=:)//[^\s"<>`]+""")
_BEHIND: Final = ".,:;!?)]}'"


def masked_address(address: str) -> str:
    """A list's address without its secrets, whether or not it is a right one.

    `***` stands for user and password, for the value of every parameter (no list of names such
    as "token" has them all), for what follows a #, and for what looks random in the path. A
    `file:` address is shown whole.
    """
    if address[:5].lower() == "file:":
        return address
    head = found[0] if (found := _HEAD.match(address)) else ""
    rest, hash_mark, _ = address[len(head) :].partition("#")
    rest, question_mark, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if not _PORT.fullmatch(host):  # a password with / or # in it ends somewhere else
        return head + MASK
    user = MASK if user or at else ""
    path = _masked_path(path)
    query = "&".join(map(_masked_parameter, re.split("[&;]", query))) if query else ""
    end = hash_mark and hash_mark + MASK
    return f"{head}{user}{at}{host}{slash}{path}{question_mark}{query}{end}"


def masked(text: str) -> str:
    """Text such as an error with every address in it masked; `file:` addresses are left alone."""
    return _ADDRESS.sub(lambda found: _masked_in_text(found[0]), text)


def _masked_in_text(address: str) -> str:
    bare = address.rstrip(_BEHIND)
    return masked_address(bare) + address[len(bare) :]


def _masked_parameter(parameter: str) -> str:
    if not parameter:
        return ""
    found = _PARAMETER.match(parameter)
    return f"{found[1]}={MASK}" if found and not _looks_random(found[1]) else MASK


def _masked_path(path: str) -> str:
    path = _VALUE_IN_PATH.sub(MASK, path)
    return _RUN.sub(lambda run: MASK if _looks_random(run[0]) else run[0], path)


def _looks_random(text: str) -> bool:
    """Whether letters and digits change places more often than words and numbers do."""
    return len(_SWITCH.findall(re.sub("[_~+-]", "", text))) > _MOST_SWITCHES
