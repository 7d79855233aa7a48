"""The adblock format: `||name^`, `|name^`, exceptions `@@…`, modifiers `…$important`.

Of the patterns this format knows, those that are one whole name are rules here. Patterns with
wildcards, regular expressions and parts of names are refused with the reason.
"""

from __future__ import annotations

import re

from sinkhole.filter.line import Ignored, Line, Reject, Rule, Scope
from sinkhole.filter.modifiers import check_modifiers
from sinkhole.filter.names import PART_OF_NAME, TOO_BROAD, is_whole_name, read_pattern

COSMETIC = Ignored("hides or changes a part of a web page")
REGEX = Reject("a regular expression is not supported")

_COSMETIC = re.compile(r"(?<!\s)#@?(?:\$\??|\?|%)?#|\$@?\$")
_PATTERN = re.compile(r"(\|\|?|)(.*?)(\^?\|?)", re.DOTALL)
_SCHEME = re.compile(r"(?:https?)?://[^/]*")


def is_cosmetic(text: str) -> bool:
    """Whether a line holds the marker of a web page rule: `##`, `#@#`, `#?#`, `#%#`, `$$`, …"""
    return _COSMETIC.search(text) is not None


def parse_adblock(text: str) -> Line:
    """A rule in adblock syntax; a bare name without any sign of it belongs to `plain`.

    `||name^` is the name and everything below it, `|name^` the name exactly. Without an anchor,
    `name^` and `@@name` count as the name and everything below it.
    """
    allow = text.startswith("@@")
    body = text[2:] if allow else text
    if body.startswith("/") and (body.endswith("/") or "/$" in body) and len(body) > 2:
        return REGEX
    pattern, dollar, options = body.rpartition("$")
    if not dollar or not options:
        pattern, options = body, ""
    elif (problem := check_modifiers(options)) is not None:
        return problem
    return _rule_from(pattern, allow, important=options != "")


def _rule_from(pattern: str, allow: bool, important: bool) -> Line:
    """The rule of a pattern that is one name, between its anchors."""
    if pattern.endswith("/*"):  # `name/*` means `name^`
        pattern = pattern[:-2] + "^"
    match = _PATTERN.fullmatch(pattern)
    assert match is not None  # the expression has a place for every text
    start, core, end = match.groups()
    if not core.strip("*.^|"):
        return TOO_BROAD
    if _SCHEME.fullmatch(core):
        return Reject("a pattern with a URL scheme is not supported")
    name = read_pattern(core)
    if not isinstance(name, bytes):
        return name
    if start == "|" and not end:
        return PART_OF_NAME
    if start == "" and not is_whole_name(core):
        return PART_OF_NAME
    return Rule(
        (name,), scope=Scope.EXACT if start == "|" else Scope.TREE, allow=allow, important=important
    )
