"""The adblock format: patterns such as `||name^`, exceptions `@@…`, modifiers `…$important`.

A pattern that stands for a whole name, or for all names below one, becomes a rule of names: those
are found in one walk through a trie. What is an address or a network becomes a rule for answers.
All others stay patterns, with their text in one form: lower-case, international labels in ASCII.
"""

from __future__ import annotations

import re

from sinkhole.dns.filter.language.addresses import is_no_address, is_range, read_network
from sinkhole.dns.filter.language.line import (
    ALWAYS,
    EVERY_REWRITE,
    Ignored,
    Line,
    Network,
    Reject,
    Rule,
    Scope,
)
from sinkhole.dns.filter.language.modifiers import NO_MODIFIERS, Modifiers, read_modifiers
from sinkhole.dns.filter.language.names import (
    BAD_CHARACTER,
    NO_ADDRESS,
    RANGE,
    TOO_BROAD,
    is_written_as_name,
    read_name,
)
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import MAX_LABEL

COSMETIC = Ignored("hides or changes a part of a web page")
WEB_ADDRESS = Ignored("acts on web addresses, not on names")
TOO_SHORT = Reject("too broad: a pattern of less than 3 characters")
NO_VALUE = Reject("$dnsrewrite without a value, which only exceptions can have")
ADDRESS_REWRITE = Reject("$dnsrewrite of an address: only names can be rewritten")

_COSMETIC = re.compile(r"(?<!\s)#@?(?:\$\??|\?|%)?#|\$@?\$")
_DOLLAR = re.compile(r"(?<!\\)\$(?=.)", re.DOTALL)
_PATTERN = re.compile(r"(\|\||\||)(.*?)(\^?\|?)", re.DOTALL)
_SHORTEST = 3
_EVERYTHING = re.compile(r"(?:\|\|?)?(?:(?:http|\*)?://)?[*^|.]*|/[.*+?^$|]*/")
_SCHEME = re.compile(r"^(?:\|\||\|?(?:(?:http|\*)?://)?)")
_BEGINS_NAME = re.compile(r"/([A-Za-z0-9.-]{2,}\.)")  # sees `http://name`: where the name begins
_ABOUT_NAMES = re.compile(r"[a-z0-9_.*^-]*\|?")
_ABOUT_ADDRESSES = re.compile(r"[0-9a-f:.*^]*\|?")
_WEB_ONLY = re.compile(r"[/?&=:;,%+~!@\"'()\[\]{}<>#]")
_LABEL = re.compile(r"[^.*^|/:]+")

_Matched = tuple[bytes, Scope] | Network | str
"""What a pattern comes to: a name and its scope, a network, or the text of a pattern."""


def is_cosmetic(text: str) -> bool:
    """Whether a line holds the marker of a web page rule: `##`, `#@#`, `#?#`, `#%#`, `$$`, …"""
    return _COSMETIC.search(text) is not None


def parse_adblock(text: str) -> Line:
    """A rule in adblock syntax; a bare name without any sign of it belongs to `plain`."""
    allow = text.startswith("@@")
    pattern, options = _split(text[2:] if allow else text)
    modifiers = read_modifiers(options) if options else NO_MODIFIERS
    if not isinstance(modifiers, Modifiers):
        return modifiers
    if modifiers.rewrite is EVERY_REWRITE and not (allow or modifiers.badfilter):
        return NO_VALUE
    matched = _read_pattern(pattern, narrowed=modifiers.conditions != ALWAYS)
    if isinstance(matched, Ignored | Reject):
        return matched
    return _rule(matched, allow, modifiers)


def _rule(matched: _Matched, allow: bool, modifiers: Modifiers) -> Line:
    if modifiers.rewrite is not None and isinstance(matched, Network):
        return ADDRESS_REWRITE
    return Rule(
        names=(matched[0],) if isinstance(matched, tuple) else (),
        scope=matched[1] if isinstance(matched, tuple) else Scope.EXACT,
        networks=(matched,) if isinstance(matched, Network) else (),
        pattern=matched if isinstance(matched, str) else "",
        allow=allow,
        important=modifiers.important,
        conditions=modifiers.conditions,
        rewrite=modifiers.rewrite,
        badfilter=modifiers.badfilter,
        is_dnsrewrite=modifiers.rewrite is not None,
    )


def _split(body: str) -> tuple[str, str]:
    """The pattern and the text of its modifiers: what stands behind the last `$` that is not `\\$`.

    A whole line between slashes is a regular expression, whatever is in it.
    """
    if _is_expression(body):
        return body, ""
    *_, last = [None, *_DOLLAR.finditer(body)]
    if last is None:
        return body, ""
    return body[: last.start()], body[last.end() :].replace("\\$", "$")


def _is_expression(pattern: str) -> bool:
    return len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")


def _read_pattern(pattern: str, narrowed: bool) -> _Matched | Ignored | Reject:
    if _is_expression(pattern):
        if not narrowed and _EVERYTHING.fullmatch(pattern):
            return TOO_BROAD
        return pattern if pattern.isprintable() else BAD_CHARACTER
    pattern = _without_slashes(pattern)
    if not narrowed and _EVERYTHING.fullmatch(pattern):
        return TOO_BROAD
    if not narrowed and len(pattern) < _SHORTEST:
        return TOO_SHORT
    match = _PATTERN.fullmatch(pattern)
    assert match is not None  # the expression has a place for every text
    start, core, end = match.groups()
    network = read_network(core) if (start and end) or "/" in core else None
    if network is not None:
        return network
    if is_range(core):
        return RANGE
    if is_no_address(core):
        return NO_ADDRESS
    if end and (named := _read_name(start, core)) is not None:
        return named
    return _normal(pattern or "*")


def _without_slashes(pattern: str) -> str:
    """A pattern without the slashes that still are about names.

    `/sub.` means `|sub.`, and `/*`, `^*` or `/` at the end what `^` means.
    """
    if begins := _BEGINS_NAME.fullmatch(pattern):
        return "|" + begins[1]
    if pattern.endswith(("/*", "^*", "/")) and not pattern.endswith(("://*", "//")):
        return pattern.rstrip("*")[:-1] + "^"
    return pattern


def _read_name(start: str, core: str) -> tuple[bytes, Scope] | Reject | None:
    """The name that a pattern with an end stands for; None if it stands for more or for less."""
    scope = Scope.TREE if start == "||" else Scope.EXACT
    if core.startswith("*.") or (core.startswith(".") and not start):
        core, scope = core.removeprefix("*")[1:], Scope.BELOW
    elif not start:
        return None
    if not is_written_as_name(core) or core.startswith(".") or core.endswith("."):
        return None
    name = read_name(core)
    return (name, scope) if isinstance(name, bytes) else name


def _normal(pattern: str) -> str | Ignored | Reject:
    """A pattern in lower case and ASCII, if there is a name that could match it."""
    try:
        text = pattern.lower() if pattern.isascii() else _LABEL.sub(_in_ascii, pattern.lower())
    except ValueError:
        return Reject("not a valid international domain name")
    rest = _SCHEME.sub("", text, count=1)
    if _ABOUT_NAMES.fullmatch(rest):
        return text
    if _ABOUT_ADDRESSES.fullmatch(rest) and rest.count(":") > 1:
        return text
    return WEB_ADDRESS if _WEB_ONLY.search(rest) else BAD_CHARACTER


def _in_ascii(label: re.Match[str]) -> str:
    """A label in ASCII; ValueError for one that names can't have."""
    text = label[0]
    if len(text) > MAX_LABEL:
        raise ValueError(text)
    return text if text.isascii() else to_text(from_text(text))
