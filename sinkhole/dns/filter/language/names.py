"""The text of a name in a rule, and its wire form."""

from __future__ import annotations

import re

from sinkhole.dns.filter.language.addresses import is_no_address, is_range
from sinkhole.dns.filter.language.line import Reject
from sinkhole.dns.wire import name as wire
from sinkhole.dns.wire.numbers import MAX_LABEL

TOO_BROAD = Reject("too broad: it would match every name")
WILDCARD = Reject("a wildcard where only a whole name can stand")
RANGE = Reject("a range of addresses; a network (192.0.2.0/24) can be used")
NO_ADDRESS = Reject("neither an address nor a name")
ADDRESS = Reject("an address, not a name")
BAD_CHARACTER = Reject("a character that names of hosts can't have")

_NAME = re.compile(r"(?:[A-Za-z0-9_.-]|[^\x00-\x7f]|\\[0-9]{3})+")
_ADDRESS = re.compile(r"[0-9.]+|(?=[^:]*:)[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\]")

_LONGEST = 1100
"""Characters of the longest text that may be a name: 253 bytes, each written as an escape."""


def read_name(text: str) -> bytes | Reject:
    r"""The wire name of a rule's name: host letters, Unicode (IDNA), or `\DDD` escapes.

    A final dot is allowed. What is no name comes back as the reason why.
    """
    if not text.strip("."):
        return TOO_BROAD
    if is_range(text):
        return RANGE
    if is_no_address(text):
        return NO_ADDRESS
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


def is_written_as_name(text: str) -> bool:
    """Whether a text holds nothing but what `read_name` knows, right or wrong."""
    return _NAME.fullmatch(text) is not None


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
