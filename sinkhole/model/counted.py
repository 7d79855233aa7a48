"""How many there are of something, in words."""

from __future__ import annotations


def counted(number: int, one: str, more: str = "") -> str:
    """A number and what it counts: "1 name", "2,000 names"; `more` where that is not `one`s."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
