"""The text of a name in a rule, and its wire form."""

from __future__ import annotations

import re

from sinkhole.filter.line import Ignored, Reject
from sinkhole.wire import name as wire
from sinkhole.wire.numbers import MAX_LABEL

TOO_BROAD = Reject("too broad: it would match every name")
PART_OF_NAME = Reject("a part of a name: only whole names can be matched")
WILDCARD = Reject("a wildcard inside a pattern is not supported")
ADDRESS = Reject("an address, not a name")
BAD_CHARACTER = Reject("a character that names of hosts can't have")
WEB_ADDRESS = Ignored("acts on web addresses, not on names")

_NAME = re.compile(r"(?:[A-Za-z0-9_.-]|[^\x00-\x7f]|\\[0-9]{3})+")
_ADDRESS = re.compile(r"[0-9.]+|(?=[^:]*:)[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\]")
_WEB_ONLY = re.compile(r"[/?&=:;,%+~!@\"'()\[\]{}<>#]")

_LONGEST = 1100
"""Characters of the longest text that may be a name: 253 bytes, each written as an escape."""


def read_name(text: str) -> bytes | Reject:
    r"""The wire name of a rule's name: host letters, Unicode (IDNA), or `\DDD` escapes.

    A final dot is allowed. What is no name comes back as the reason why.
    """
    if not text.strip("."):
        return TOO_BROAD
    if _ADDRESS.fullmatch(text):
        return ADDRESS
    if _NAME.fullmatch(text) is None:
        return WILDCARD if "*" in text else BAD_CHARACTER
    if len(text) > _LONGEST:
        return Reject("a name of more than 253 characters")
    try:
        return wire.from_text(text)
    except ValueError:
        return Reject(_what_is_wrong(text))


def read_pattern(text: str) -> bytes | Ignored | Reject:
    """`read_name` for formats that also have patterns for web addresses, such as `/ads?id=`."""
    if text.startswith(".") and _NAME.fullmatch(text):
        return PART_OF_NAME
    name = read_name(text)
    if name in (WILDCARD, BAD_CHARACTER) and _WEB_ONLY.search(text):
        return WEB_ADDRESS
    return name


def is_whole_name(text: str) -> bool:
    """Whether a text without anchors is meant as a full name, not as a part such as `-ads.`.

    A full name has two labels or more, and neither begins nor ends like a piece cut out of one.
    """
    return "." in text.rstrip(".") and not text.startswith((".", "-")) and not text.endswith("-")


def _what_is_wrong(text: str) -> str:
    if not text.isascii():
        return "not a valid international domain name"
    if "\\" in text:
        return "an escape or a length that a name can't have"
    labels = text.removesuffix(".").split(".")
    if not all(labels):
        return "a name with an empty label"
    if max(map(len, labels)) > MAX_LABEL:
        return "a label of more than 63 characters"
    return "a name of more than 253 characters"
