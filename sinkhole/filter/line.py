"""What one line of a list can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["block", "allow"]
"""What a list is for: in an allow list every rule allows, with or without `@@`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line that blocks or allows names: lower-cased wire names, at least one.

    `subtree` says whether each name stands for everything below it too.
    """

    names: tuple[bytes, ...]
    subtree: bool
    allow: bool = False
    important: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that says something to people; empty lines are comments too."""

    text: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A line that is right but not for us, such as one that hides a part of a web page."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that should be a rule and can't be used as one.

    `reason` is short, fit for the user, and the same for all lines of one sort, so that it can
    be counted.
    """

    reason: str


Line = Rule | Comment | Ignored | Reject
