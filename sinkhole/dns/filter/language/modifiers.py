"""The modifiers of adblock rules (`…$one,two=value`): which there are, and what they say.

A rule is only as good as all its modifiers: one that is unknown drops the rule, because nobody
can say what the rule would do without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from sinkhole.dns.filter.language.addresses import read_address, read_network
from sinkhole.dns.filter.language.line import ALWAYS, Conditions, Ignored, Reject, Rewrite
from sinkhole.dns.filter.language.names import read_name
from sinkhole.dns.filter.language.rewrite import read_rewrite
from sinkhole.dns.wire.numbers import type_number

WEB_PAGES = Ignored("acts on web pages, not on names")

_FLAGS = frozenset({"important", "badfilter"})
_NOT_SUPPORTED = frozenset({"respgeo"})
"""Modifiers that mean something to DNS, but not here."""

_BROWSER = frozenset({
    "1p", "3p", "all", "app", "background", "beacon", "bypass", "cname", "collapse",
    "content", "cookie", "csp", "css", "doc", "document", "domain", "donottrack", "ehide",
    "elemhide", "empty", "extension",
    "first-party", "font", "frame", "from", "generichide", "genericblock", "ghide", "header",
    "hls", "image", "inline-font", "inline-script", "jsinject", "jsonprune", "match-case",
    "media", "method", "mp4", "network", "object", "object-subrequest", "other", "path",
    "permissions", "ping", "popunder", "popup", "queryprune", "redirect", "redirect-rule",
    "referrerpolicy", "removeheader", "removeparam", "replace", "rewrite", "script", "shide",
    "sitekey", "specifichide", "stealth", "strict-first-party", "strict-third-party",
    "strict1p", "strict3p", "stylesheet", "subdocument", "third-party", "to", "trusted-types",
    "uritransform", "urlblock", "urlskip", "urltransform", "webrtc", "websocket", "xhr",
    "xmlhttprequest", "xmlprune",
})  # fmt: skip
"""Modifiers by which a browser decides what a page may load or show."""

CLIENT_TAGS = frozenset({
    "device_audio", "device_camera", "device_gameconsole", "device_laptop", "device_nas",
    "device_other", "device_pc", "device_phone", "device_printer", "device_securityalarm",
    "device_tablet", "device_tv", "os_android", "os_ios", "os_linux", "os_macos", "os_other",
    "os_windows", "user_admin", "user_child", "user_regular",
})  # fmt: skip
"""All tags a client can have: the values of `$ctag`."""

_WORD = re.compile(r"~?[a-z0-9_-]{1,30}")
_BEFORE_COMMA = re.compile(r"(?<!\\),")
_BEFORE_BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Modifiers:
    """What all modifiers of a rule say together."""

    conditions: Conditions = ALWAYS
    important: bool = False
    badfilter: bool = False
    rewrite: Rewrite | None = None


NO_MODIFIERS = Modifiers()


def read_modifiers(options: str) -> Modifiers | Ignored | Reject:
    """What the text behind `$` says, or why a rule with it can't be used.

    Commas part the modifiers, and bars the values of one; a backslash before either takes away
    its meaning.
    """
    given: dict[str, str] = {}
    for option in filter(None, _BEFORE_COMMA.split(options)):
        name, _, value = option.replace("\\,", ",").partition("=")
        name = name.strip().lower()
        if name in given and name not in _FLAGS:
            return Reject("a modifier that stands twice")
        given[name] = value
    return _problem_of(given) or _modifiers_of(given)


def _problem_of(given: dict[str, str]) -> Ignored | Reject | None:
    for name in given:
        if name not in _KNOWN and name.removeprefix("~") not in _BROWSER:
            known_shape = _WORD.fullmatch(name)
            return Reject(f"unknown modifier ${name}" if known_shape else "an unknown modifier")
    if not _BROWSER.isdisjoint(name.removeprefix("~") for name in given):
        return WEB_PAGES
    for name in given:
        if name in _NOT_SUPPORTED:
            return Reject(f"modifier ${name} is not supported")
    return None


def _modifiers_of(given: dict[str, str]) -> Modifiers | Reject:
    conditions = ALWAYS
    for name, read in _CONDITIONS.items():
        if name in given:
            read_one = read(conditions, given[name])
            if isinstance(read_one, Reject):
                return read_one
            conditions = read_one
    rewrite = read_rewrite(given["dnsrewrite"].strip()) if "dnsrewrite" in given else None
    if isinstance(rewrite, Reject):
        return rewrite
    return Modifiers(conditions, "important" in given, "badfilter" in given, rewrite)


def _read_clients(conditions: Conditions, value: str) -> Conditions | Reject:
    wanted, unwanted = _split(value)
    clients, not_clients = (frozenset(map(_client, each)) for each in (wanted, unwanted))
    if not clients | not_clients or "" in clients | not_clients:
        return Reject("$client without a client")
    return replace(conditions, clients=clients, not_clients=not_clients)


def _client(text: str) -> str:
    """The criterion of a client, or "" for none: an address, a network, or else a name."""
    quote = text[:1]
    if quote in ("'", '"') and len(text) > 1 and text.endswith(quote):
        text = text[1:-1].replace("\\" + quote, quote)
    if (address := read_address(text)) is not None:
        return f"ip:{address}"
    if "/" in text and (network := read_network(text)) is not None:
        return f"net:{network}"
    return f"name:{text}" if text else ""


def _read_tags(conditions: Conditions, value: str) -> Conditions | Reject:
    wanted, unwanted = _split(value)
    if not (wanted or unwanted) or not CLIENT_TAGS.issuperset(wanted + unwanted):
        return Reject("an unknown tag in $ctag")
    tags, not_tags = ({f"tag:{tag}" for tag in each} for each in (wanted, unwanted))
    return replace(conditions, tags=frozenset(tags), not_tags=frozenset(not_tags))


def _read_types(conditions: Conditions, value: str) -> Conditions | Reject:
    wanted, unwanted = _split(value, keep_empty=True)
    try:
        types, not_types = (frozenset(map(_type, each)) for each in (wanted, unwanted))
    except ValueError:
        return Reject("an unknown type in $dnstype")
    return replace(conditions, types=types, not_types=not_types)


def _type(text: str) -> int:
    if text.upper().startswith("TYPE"):  # as where this language comes from: names only
        raise ValueError(text)
    return type_number(text)


def _read_denied(conditions: Conditions, value: str) -> Conditions | Reject:
    names = [read_name(text) for text in value.split("|")]
    found = tuple(name for name in names if isinstance(name, bytes))
    if len(found) < len(names):
        return Reject("no name, or not only names, in $denyallow")
    return replace(conditions, denyallow=found)


def _split(value: str, keep_empty: bool = False) -> tuple[list[str], list[str]]:
    """The parts of a value between bars: those without `~`, and those with it."""
    parts = [part.replace("\\|", "|") for part in _BEFORE_BAR.split(value) if part or keep_empty]
    return (
        [part for part in parts if not part.startswith("~")],
        [part[1:] for part in parts if part.startswith("~")],
    )


_CONDITIONS: dict[str, Callable[[Conditions, str], Conditions | Reject]] = {
    "client": _read_clients,
    "ctag": _read_tags,
    "dnstype": _read_types,
    "denyallow": _read_denied,
}
_KNOWN = _BROWSER | _NOT_SUPPORTED | _FLAGS | _CONDITIONS.keys() | {"dnsrewrite"}
