"""Own rules as a text that is edited: looked at line by line, and changed as one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.operations.rules import (
    KEY,
    MOST_AT_ONCE,
    Does,
    Rules,
    checked,
    does_of,
    list_all,
    places,
)
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.rule_check import unusable
from sinkhole.model.actor import Actor, Permission

LONGEST_NOTE: Final = 200


class Lines(Input):
    """Lines that somebody types."""

    rules: list[str] = Field(max_length=MOST_AT_ONCE, examples=[["||ads.example.org^"]])


class CheckedLine(Output):
    """What a line would be as a rule."""

    rule: str = Field(description="Without white space around it.")
    does: Does
    complaint: str = Field(description='Why it can\'t be used; "" where it can.')


class CheckedLines(Output):
    """All of the lines, in their order."""

    rules: list[CheckedLine]


class RuleChanges(Input):
    """Own rules to add and to remove together."""

    add: list[str] = Field(default=[], max_length=MOST_AT_ONCE, examples=[["||ads.example.org^"]])
    remove: list[str] = Field(default=[], max_length=MOST_AT_ONCE, description="Own rules.")
    note: str = Field(default="", max_length=LONGEST_NOTE, description="Why, for who looks later.")


@operation("rules.check", Permission.LISTS_READ)
async def check(house: House, actor: Actor, given: Lines) -> CheckedLines:
    """Tell of lines what each would do as a rule, or why it can't be used. Nothing is kept."""
    return await asyncio.to_thread(_checked_lines, given.rules)


def _checked_lines(lines: Sequence[str]) -> CheckedLines:
    rules = [each.strip() for each in lines]
    complaints = unusable(list(dict.fromkeys(rules)))
    return CheckedLines(
        rules=[
            CheckedLine(rule=each, does=does_of(each), complaint=complaints.get(each, ""))
            for each in rules
        ]
    )


@operation("rules.change", Permission.RULES_WRITE, changes=True)
async def change(house: House, actor: Actor, given: RuleChanges) -> Rules:
    """Add and remove own rules as one change: all of it or nothing.

    Those that are there already are not added again. What is no rule is refused, with the reason,
    and so is the removal of one that is not there, or that the settings file holds.
    """
    added = await asyncio.to_thread(checked, given.add)
    removed = list(dict.fromkeys(each.strip() for each in given.remove))
    if twice := [each for each in added if each in removed]:
        text = f"{twice[0][:200]!r} is to be added and removed at once"
        raise refusal("invalid", "rule_invalid", text)
    places(house, removed)
    there = set(house.settings.settings.filtering.rules)
    changes = [Change(KEY, each, "set", each) for each in added if each not in there]
    changes += [Change(KEY, each, "remove") for each in removed]
    if changes:
        await house.settings.change(changes, actor, note=given.note or _note(added, removed))
    return await list_all.run(house, actor, Nothing())


def _note(added: Sequence[str], removed: Sequence[str]) -> str:
    told = [(added, "added"), (removed, "removed")]
    return "own rules: " + ", ".join(f"{len(some)} {done}" for some, done in told if some)
