"""The modifiers of adblock rules (`…$one,two=value`): which count here, and which can't.

A rule is only as good as all its modifiers: one that is unknown drops the rule, because nobody
can say what the rule would do without it.
"""

from __future__ import annotations

import re

from sinkhole.filter.line import Ignored, Reject

WEB_PAGES = Ignored("acts on web pages, not on names")

_NOT_SUPPORTED = frozenset({
    "badfilter", "client", "ctag", "denyallow", "dnsrewrite", "dnstype", "respgeo",
})  # fmt: skip
"""Modifiers that mean something to DNS, but not here."""

_BROWSER = frozenset({
    "1p", "3p", "all", "app", "background", "beacon", "bypass", "content", "cookie", "csp",
    "css", "doc", "document", "domain", "ehide", "elemhide", "empty", "extension",
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

_WORD = re.compile(r"~?[a-z0-9_-]{1,30}")


def check_modifiers(options: str) -> Ignored | Reject | None:
    """Why a rule with the modifiers `options` (the text behind `$`) can't be used; None if it can.

    The only modifier that a usable rule has is `important`.
    """
    names = [option.partition("=")[0].strip().lower() for option in options.split(",")]
    positive = [name.removeprefix("~") for name in names]
    for name, bare in zip(names, positive, strict=True):
        if name != "important" and bare not in _BROWSER and bare not in _NOT_SUPPORTED:
            known_shape = _WORD.fullmatch(name)
            return Reject(f"unknown modifier ${name}" if known_shape else "an unknown modifier")
    if not _BROWSER.isdisjoint(positive):
        return WEB_PAGES
    for bare in positive:
        if bare in _NOT_SUPPORTED:
            return Reject(f"modifier ${bare} is not supported")
    return None
