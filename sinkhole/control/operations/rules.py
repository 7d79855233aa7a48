"""Own rules: shown, added, removed, for good or for a time, and tried before that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

from pydantic import Field

from sinkhole.control.explain.altered_rules import RulePlace as Place
from sinkhole.control.explain.audience import Asker, Audience
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.trial import trial_of_rules
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.operations.explain import Question
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.origins import HELD_BY, Origin, origin_of
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.operations.trials import (
    DAYS,
    MOST_DAYS,
    Judgement,
    LogEffect,
    a_test,
    both_judged,
    inquiry_of,
    on_log,
    whose,
)
from sinkhole.control.querylog.recent_names import AskedBy
from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.rule_check import unusable
from sinkhole.control.state.temporary_rules import TemporaryRule
from sinkhole.dns.filter.language.line import Rule
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.model.actor import Actor, Permission

KEY: Final = "filtering.rules"

LONGEST_CLIENT: Final = 200
"""What a client or a group may be called by."""

MOST_AT_ONCE: Final = 1000
"""Rules in one request."""

MOST_REMEMBERED: Final = 10_000
"""Rules of which it is remembered what they do, as reading so many takes a quarter of a second."""

LONGEST_S: Final = 365 * 86_400
"""The longest time that a rule can be made for."""

Does = Literal["block", "allow", "answer", "nothing"]

# ---- what is shown -----------------------------------------------------------------------------


class OwnRule(Output):
    """A rule of the household's own."""

    rule: str = Field(examples=["||ads.example.org^"])
    line: int = Field(description="Its place among them, from 1, as the log gives it.")
    does: Does = Field(description="`answer` says something else instead of blocking.")
    in_use: bool
    complaint: str = Field(description='Why it is not in use; "" where it is.')
    origin: Origin
    held_by: str = Field(description=HELD_BY)


class RuleForATime(Output):
    """A rule that is in force for a time."""

    number: int = Field(description="What `rules.end` takes.")
    rule: str
    does: Does
    made_by: str
    made_at: float = Field(description="In seconds since 1970.")
    left_s: float = Field(description="Seconds until it ends.")
    note: str = Field(description="What it was made for.")


class Rules(Output):
    """All own rules, in their order, and those for a time."""

    rules: list[OwnRule]
    for_a_time: list[RuleForATime]


class RuleTexts(Input):
    """Rules, in the syntax of lists."""

    rules: list[str] = Field(
        min_length=1, max_length=MOST_AT_ONCE, examples=[["||ads.example.org^"]]
    )


class NewRules(RuleTexts):
    """Rules to add, and for how long."""

    seconds: float | None = Field(
        default=None, gt=0, le=LONGEST_S, description="For so many seconds; for good without."
    )
    note: str = Field(default="", max_length=200, description="What they are for.")


class RuleNumbers(Input):
    """Rules that are in force for a time."""

    numbers: list[int] = Field(min_length=1, max_length=MOST_AT_ONCE)


@operation("rules.list", Permission.LISTS_READ)
async def list_all(house: House, actor: Actor, given: Nothing) -> Rules:
    """Show the own rules and whether each is in use, and the rules that are made for a time."""
    return Rules(
        rules=await asyncio.to_thread(_described, house.settings.settings),
        for_a_time=[_for_a_time(house, each) for each in house.temporary_rules.rules],
    )


def _described(settings: Settings) -> list[OwnRule]:
    rules = settings.filtering.rules
    complaints = unusable(rules)
    return [
        _own_rule(settings, line, rule, complaints.get(rule, ""))
        for line, rule in enumerate(rules, start=1)
    ]


def _own_rule(settings: Settings, line: int, rule: str, complaint: str) -> OwnRule:
    origin, held_by = origin_of(settings, KEY, rule)
    return OwnRule(
        rule=rule,
        line=line,
        does=does_of(rule),
        in_use=not complaint,
        complaint=complaint,
        origin=origin,
        held_by=held_by,
    )


def _for_a_time(house: House, rule: TemporaryRule) -> RuleForATime:
    return RuleForATime(
        number=rule.number,
        rule=rule.text,
        does=does_of(rule.text),
        made_by=rule.by,
        made_at=rule.began.wall_s,
        left_s=rule.left_s(house.temporary_rules.now()),
        note=rule.note,
    )


@lru_cache(maxsize=MOST_REMEMBERED)
def does_of(rule: str) -> Does:
    """What a rule does."""
    read = parse_line(rule)
    if not isinstance(read, Rule) or read.badfilter:
        return "nothing"
    if read.allow:
        return "allow"
    return "answer" if read.rewrite is not None else "block"


# ---- changing ----------------------------------------------------------------------------------


@operation("rules.add", Permission.RULES_WRITE, changes=True)
async def add(house: House, actor: Actor, given: NewRules) -> Rules:
    """Add own rules behind those there are, for good or for a time; all of them or none.

    They count from the next query on. What is no rule is refused, with the reason.
    """
    rules = await asyncio.to_thread(checked, given.rules)
    if given.seconds is not None:
        await house.temporary_rules.add(rules, given.seconds, actor, given.note)
    else:
        there = set(house.settings.settings.filtering.rules)
        changes = [Change(KEY, rule, "set", rule) for rule in rules if rule not in there]
        if changes:
            await house.settings.change(changes, actor, note=given.note or _note("added", rules))
    return await list_all.run(house, actor, Nothing())


@operation("rules.remove", Permission.RULES_WRITE, changes=True)
async def remove(house: House, actor: Actor, given: RuleTexts) -> Rules:
    """Remove own rules, all of them or none. One that the settings file holds is removed there."""
    rules = list(dict.fromkeys(each.strip() for each in given.rules))
    places(house, rules)
    changes = [Change(KEY, rule, "remove") for rule in rules]
    await house.settings.change(changes, actor, note=_note("removed", rules))
    return await list_all.run(house, actor, Nothing())


@operation("rules.end", Permission.RULES_WRITE, changes=True)
async def end(house: House, actor: Actor, given: RuleNumbers) -> Rules:
    """End rules that are in force for a time before it is over."""
    await house.temporary_rules.remove(given.numbers)
    return await list_all.run(house, actor, Nothing())


def checked(rules: Sequence[str]) -> list[str]:
    """Rules without white space around them, each once; RequestError names those that are none."""
    found = list(dict.fromkeys(each.strip() for each in rules))
    if complaints := unusable(found):
        told = "; ".join(f"{rule[:200]!r}: {why}" for rule, why in complaints.items())
        raise refusal("invalid", "rule_invalid", f"not a rule: {told}", rules=complaints)
    return found


def places(house: House, rules: Sequence[str]) -> list[Place]:
    """Where own rules stand; RequestError for those that are none."""
    lines = {rule: line for line, rule in enumerate(house.settings.settings.filtering.rules, 1)}
    if missing := [rule for rule in rules if rule not in lines]:
        told = ", ".join(repr(rule[:200]) for rule in missing)
        raise refusal("not_found", "rule_unknown", f"no own rule: {told}", rules=missing)
    return [(OWN_RULES, lines[rule]) for rule in rules]


def _note(done: str, rules: Sequence[str]) -> str:
    return f"rule {rules[0][:200]} {done}" if len(rules) == 1 else f"{len(rules)} rules {done}"


# ---- trying ------------------------------------------------------------------------------------


class RuleTest(Input):
    """Rules to add and own rules to take out, to see what would come of that."""

    add: list[str] = Field(default=[], max_length=MOST_AT_ONCE, examples=[["||ads.example.org^"]])
    remove: list[str] = Field(default=[], max_length=MOST_AT_ONCE, description="Own rules.")
    question: Question | None = Field(
        default=None, description="What would become of this question."
    )
    client: str = Field(
        default="",
        max_length=LONGEST_CLIENT,
        description="Try them on what this client asked only: a name, id or address.",
    )
    group: str = Field(
        default="",
        max_length=LONGEST_CLIENT,
        description="Try them on what those asked who are in this group now. A question that says "
        "no client is tried as one of theirs.",
        examples=["kids"],
    )
    log: bool = Field(
        default=True, description="Whether to tell what would have changed of the log's queries."
    )
    days: int = Field(default=DAYS, ge=1, le=MOST_DAYS, description="How many days of the log.")


class TestedFor(Output):
    """Somebody that rules were tried for."""

    client: str = Field(description='What it is called; "" for any member of the group.')
    group: str


class RuleTestResult(Output):
    """What rules would do; null for what was not asked."""

    before: Judgement | None = Field(description="What becomes of the question now.")
    after: Judgement | None = Field(description="What would become of it.")
    asker: TestedFor | None = Field(description="For whom that is.")
    log: LogEffect | None
    log_error: str | None = Field(description="Why the log could not be read.")


@operation("rules.test", Permission.LOG_READ)
async def test(house: House, actor: Actor, given: RuleTest) -> RuleTestResult:
    """Tell what rules would do before they are there: to a question, and to the queries of the log.

    Each client is judged by what applies to it, or only those of a client or group are. Nothing is
    changed, and nobody is asked. The filter is taken for on, where it is paused.
    """
    added = await asyncio.to_thread(checked, given.add)
    removed = places(house, [each.strip() for each in given.remove])
    audience = house.audience()
    meant = whose(house, audience, given.client, given.group)
    trial = await asyncio.to_thread(trial_of_rules, audience, added, removed)
    before = after = asker = None
    if given.question is not None:
        asked, group = given.question, given.group
        inquiry = inquiry_of(house, asked.name, asked.type, asked.client or given.client)
        member = audience.member_of(group) if group and not asked.client else None
        asker = _tested_for(audience, inquiry, member)
        before, after = await both_judged(trial, inquiry, member)
    log, log_error = None, None
    if given.log:
        with a_test(house):
            log, log_error = await on_log(house, trial, given.days, meant)
    return RuleTestResult(before=before, after=after, asker=asker, log=log, log_error=log_error)


def _tested_for(audience: Audience, inquiry: Inquiry, member: Asker | None) -> TestedFor:
    if member is not None:
        return TestedFor(client="", group=member.group)
    asker = audience.asker_of(inquiry.recognised.owner, AskedBy(inquiry.client.text))
    return TestedFor(client=asker.name, group=asker.group)
