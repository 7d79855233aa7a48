"""What the trie's key stands for, packed into 32 bits: how strong the rule is, and its line.

    bit  31         30     29-28     27 … 0
         important  allow  reserved  line, from 1

Of two rules that match one name, the one with the higher upper two bits wins: an important
exception beats an important rule beats an exception beats a plain rule. 0 is no entry.
"""

from __future__ import annotations

from array import array
from typing import Final

STRENGTH_SHIFT = 30
MAX_LINE_NUMBER = (1 << 28) - 1
TYPECODE: Final = "I"
SIZE = array(TYPECODE).itemsize

_ALLOW = 1 << 30
_IMPORTANT = 1 << 31


def pack(line: int, allow: bool, important: bool) -> int:
    """The entry of a rule on line `line`, 1 to MAX_LINE_NUMBER."""
    return line | (_ALLOW if allow else 0) | (_IMPORTANT if important else 0)


def line_of(entry: int) -> int:
    """The line a rule stands on."""
    return entry & MAX_LINE_NUMBER


def allows(entry: int) -> bool:
    """Whether the rule is an exception."""
    return entry & _ALLOW != 0


def is_important(entry: int) -> bool:
    """Whether the rule carries `$important`."""
    return entry & _IMPORTANT != 0
