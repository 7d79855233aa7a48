"""One line of a list -> a rule, or what else it is.

The format is recognised line by line, so mixed files work. Never raises, for any bytes.
"""

from __future__ import annotations

import re

from sinkhole.dns.filter.language.adblock import COSMETIC, is_cosmetic, parse_adblock
from sinkhole.dns.filter.language.addresses import read_network
from sinkhole.dns.filter.language.bare import is_bare_expression, parse_bare_expression
from sinkhole.dns.filter.language.dnsmasq import is_dnsmasq, parse_dnsmasq
from sinkhole.dns.filter.language.hosts import (
    begins_with_address,
    begins_with_short_null,
    parse_hosts,
)
from sinkhole.dns.filter.language.line import Comment, Line, Reject, Rule
from sinkhole.dns.filter.language.plain import is_plain, parse_plain, parse_wildcard
from sinkhole.dns.filter.language.rpz import Zone

MAX_LINE = 65_536
"""Bytes of the longest line that is looked at; no rule is longer."""

CONTROL = Reject("a control character")

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f-\x84\x86-\x9f]")
_ADBLOCK_SIGN = re.compile(r"[|^$@*/]")
_TRAILING_COMMENT = re.compile(r"(?<!\s)\s+#.*", re.DOTALL)  # from where space begins: linear time
_FREE_TEXT = ("client=", "dnsrewrite=")  # modifiers whose values may hold anything, ` #` too


def parse_line(line: bytes | str, bare_is_subtree: bool = False, zone: Zone | None = None) -> Line:
    """What a line is; `bare_is_subtree` and `zone` as the lines above it said (`reader`).

    Takes some 5-50 µs; the compiler asks `quick.quick_name` first.
    """
    if len(line) > MAX_LINE:
        return Reject("a line of more than 64 KiB")
    if isinstance(line, bytes):
        try:
            whole = line.decode().removeprefix("\ufeff")
        except UnicodeDecodeError:
            text = line.decode("latin-1").strip()
            return Comment(text) if _is_comment(text) else Reject("not UTF-8 text")
    else:
        whole = line.removeprefix("\ufeff")
    text = whole.strip()
    if not text or _is_comment(text):
        return Comment(text)
    if _CONTROL.search(text) and not _has_free_text(text):
        return CONTROL
    if begins_with_address(text):  # first, as comments behind it may hold anything, a `##` too
        return parse_hosts(text)
    in_zone = (zone or Zone()).parse(whole)
    if in_zone is not None:
        return in_zone
    return parse_hosts(text) if begins_with_short_null(text) else _parse_rule(text, bare_is_subtree)


def _is_comment(text: str) -> bool:
    if text.startswith("#"):
        # `##.banner` hides part of a page, `## Section` is a heading: neither is a rule for us.
        return not is_cosmetic(text) or text.lstrip("#")[:1] in ("", " ", "\t")
    if text.startswith(("!", ";")):
        return True
    in_brackets = text.startswith("[") and text.find("]") == len(text) - 1
    return in_brackets and read_network(text) is None


def _has_free_text(text: str) -> bool:
    return any(modifier in text for modifier in _FREE_TEXT)


def _parse_rule(text: str, bare_is_subtree: bool) -> Line:
    if is_cosmetic(text):
        return COSMETIC
    if not _has_free_text(text):
        text = _TRAILING_COMMENT.sub("", text)
    if "$" not in text and any(map(str.isspace, text)):  # values of modifiers may hold spaces
        return Reject("more than one word on a line")
    if is_dnsmasq(text):
        return parse_dnsmasq(text)
    if is_plain(text, bare_is_subtree):
        return parse_plain(text, bare_is_subtree)
    if text.startswith("*.") and not _ADBLOCK_SIGN.search(text, 2):
        return parse_wildcard(text)
    network = read_network(text)
    if network is not None:
        return Rule(networks=(network,))
    return parse_bare_expression(text) if is_bare_expression(text) else parse_adblock(text)
