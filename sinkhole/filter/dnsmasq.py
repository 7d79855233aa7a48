"""The dnsmasq format: `address=/name/`, `local=/name/`, `server=/name/`, several names a line.

Each stands for the name and everything below it. What answers with an address of its own or
forwards elsewhere is not a block, and is refused.
"""

from __future__ import annotations

import re

from sinkhole.filter.line import Line, Reject, Rule, Scope
from sinkhole.filter.names import TOO_BROAD, read_name

_SETTING = re.compile(r"([a-z0-9-]+)=/(.*)/([^/]*)")
_LOOKS_LIKE = re.compile(r"(?:address|local|server|[a-z0-9-]*set|rebind-domain-ok)=")
_NOWHERE = frozenset(("", "#", "0.0.0.0", "127.0.0.1", "::", "::1"))


def is_dnsmasq(text: str) -> bool:
    """Whether a line is a dnsmasq setting that takes names."""
    return _LOOKS_LIKE.match(text) is not None


def parse_dnsmasq(text: str) -> Line:
    """The names of an `address=`, `local=` or `server=` line as rules that cover what is below."""
    setting = _SETTING.fullmatch(text)
    if setting is None:
        return Reject("a dnsmasq setting without /name/")
    keyword, between, target = setting.groups()
    if keyword == "address" and target not in _NOWHERE:
        return Reject("dnsmasq address=/name/ADDRESS answers, it does not block")
    if keyword in ("server", "local") and target:
        return Reject("dnsmasq server=/name/SERVER forwards, it does not block")
    if keyword not in ("address", "server", "local"):
        return Reject(f"dnsmasq {keyword}= does not block")
    names: list[bytes] = []
    for word in between.split("/"):
        name = _read_one(word)
        if not isinstance(name, bytes):
            return name
        names.append(name)
    return Rule(tuple(names), scope=Scope.TREE)


def _read_one(word: str) -> bytes | Reject:
    return TOO_BROAD if word == "#" else read_name(word.removeprefix("."))
