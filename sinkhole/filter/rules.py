"""One line of a list -> a rule, or what else it is.

The format is recognised line by line, so mixed files work. Never raises, for any bytes.
"""

from __future__ import annotations

import re

from sinkhole.filter.adblock import COSMETIC, is_cosmetic, parse_adblock
from sinkhole.filter.dnsmasq import is_dnsmasq, parse_dnsmasq
from sinkhole.filter.hosts import begins_with_address, parse_hosts
from sinkhole.filter.line import Comment, Line, Reject
from sinkhole.filter.plain import parse_plain, parse_wildcard

MAX_LINE = 65_536
"""Bytes of the longest line that is looked at; no rule is longer."""

_ADBLOCK_SIGN = re.compile(r"[|^$@*/]")
_ZONE_FILE = re.compile(r"^\$[A-Z]+ |\s(?:CNAME|SOA|NS|A|AAAA|TXT)\s", re.IGNORECASE)
_TRAILING_COMMENT = re.compile(r"(?<!\s)\s+#.*", re.DOTALL)  # from where space begins: linear time


def parse_line(line: bytes | str, bare_is_subtree: bool = False) -> Line:
    """What a line is; `bare_is_subtree` as the list's comments said (`header.Header`).

    Takes some 5-20 µs; the compiler asks `quick.quick_name` first.
    """
    if len(line) > MAX_LINE:
        return Reject("a line of more than 64 KiB")
    if isinstance(line, str):
        text = line.removeprefix("\ufeff").strip()
    else:
        try:
            text = line.decode().removeprefix("\ufeff").strip()
        except UnicodeDecodeError:
            text = line.decode("latin-1").strip()
            return Comment(text) if _is_comment(text) else Reject("not UTF-8 text")
    if not text or _is_comment(text):
        return Comment(text)
    return _parse_rule(text, bare_is_subtree)


def _is_comment(text: str) -> bool:
    if text.startswith("#"):
        # `##.banner` hides part of a page, `## Section` is a heading: neither is a rule for us.
        return not is_cosmetic(text) or text.lstrip("#")[:1] in ("", " ", "\t")
    return text.startswith(("!", ";")) or (text.startswith("[") and text.endswith("]"))


def _parse_rule(text: str, bare_is_subtree: bool) -> Line:
    # Hosts lines first: their comments may hold anything, a `##` too.
    if begins_with_address(text):
        return parse_hosts(text)
    if is_cosmetic(text):
        return COSMETIC
    text = _TRAILING_COMMENT.sub("", text)
    if _ZONE_FILE.search(text):
        return Reject("a zone file line: RPZ is not supported")
    if "$" not in text and any(map(str.isspace, text)):  # values of modifiers may hold spaces
        return Reject("more than one word on a line")
    if is_dnsmasq(text):
        return parse_dnsmasq(text)
    if text.startswith("*.") and not _ADBLOCK_SIGN.search(text, 2):
        return parse_wildcard(text)
    if _ADBLOCK_SIGN.search(text):
        return parse_adblock(text)
    return parse_plain(text, bare_is_subtree)
