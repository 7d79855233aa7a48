"""Rules to add to the own ones, or to those of a group or client, or to take out of them, to have a
name allowed or blocked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.rule_search import Trial, allow_lines, block_for, exceptions_for
from sinkhole.control.explain.severity import Severity, severity_of
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.selection import AllowOnly
from sinkhole.dns.pipeline.decide_answer import BOGUS, REBINDING
from sinkhole.dns.wire.name import from_text
from sinkhole.model.explanation import Change, Lead
from sinkhole.model.verdict import Outcome, Verdict

RULES: Final = "filtering.rules"
PROTECTIONS: Final = (REBINDING, BOGUS)
"""What refuses answers besides rules."""

MOST_REMOVED: Final = 10
"""Rules that stand in the way of a name; where there are more, an exception is told."""


def change(effect: str, how: str, where: str, items: Sequence[str] = (), note: str = "") -> Change:
    """What to do for an effect; see `Change`."""
    return {
        "effect": effect,
        "change": how,
        "where": where,
        "items": list(items),
        "note": note,
        "command": "",
    }


class RulesPlace(NamedTuple):
    """Where rules stand that may be added to and taken out: the name of their list, and what makes
    a change there of effect, change, items and note."""

    name: str
    changed: Callable[[str, str, Sequence[str], str], Change]


def _of_household(effect: str, how: str, items: Sequence[str], note: str = "") -> Change:
    return change(effect, how, RULES, items, note)


HOUSEHOLD: Final = RulesPlace(OWN_RULES, _of_household)


def passes(verdict: Verdict) -> bool:
    """Whether no rule of a list stands in the way."""
    return verdict.outcome is Outcome.FORWARDED or verdict.cause in PROTECTIONS


def is_answered_only(inquiry: Inquiry) -> bool:
    """Whether a rewrite answers a name where only allowed names pass. The name is allowed then, and
    no exception keeps a built-in rewrite from answering it: see `AllowOnly`."""
    is_rewritten = inquiry.verdict().outcome is Outcome.REWRITTEN
    return is_rewritten and isinstance(inquiry.matcher, AllowOnly) and not refuses(inquiry)


def lets_pass(now: Inquiry) -> Callable[[Inquiry], bool]:
    """Whether a change lets a name pass, by how it is now: for one that is refused where only
    allowed names pass, it is enough that a rewrite answers it."""
    is_refused = refuses(now)

    def does(changed: Inquiry) -> bool:
        return passes(changed.verdict()) or (is_refused and is_answered_only(changed))

    return does


def ways_to_allow(
    inquiry: Inquiry, verdict: Verdict, leads: Sequence[Lead], place: RulesPlace = HOUSEHOLD
) -> list[Change]:
    """Rules of a place to remove if they are all that refuses it, else exceptions to add there;
    none where the name is allowed, and only answered otherwise."""
    removed, texts = _rules_in_the_way(inquiry, verdict, place.name)
    if removed and lets_pass(inquiry)(inquiry.changed(without=removed)):
        return [place.changed("allow", "remove", texts, "")]
    works = _trial(inquiry)
    found = [
        place.changed("allow", "add", rules, _what_else(inquiry, rules))
        for targets in ([inquiry.question.name], refused_targets(leads))
        if (rules := exceptions_for(targets, works))
    ]
    if found:
        return found
    if lines := allow_lines([inquiry.question.name], works):
        note = "no exception beats what decides here, but a list of kind allow does"
        return [change("allow", "add", "filtering.lists", lines, note)]
    if is_answered_only(inquiry):
        return []
    note = "no rule can be written that allows this name; disable the list that decides"
    return [change("allow", "none", "", note=note)]


def ways_to_block(
    inquiry: Inquiry, verdict: Verdict, place: RulesPlace = HOUSEHOLD
) -> list[Change]:
    """The exception of a place to remove if that is enough, else a rule to add there."""

    def works(rules: tuple[str, ...], kind: Kind) -> bool:
        return refuses(inquiry.changed(rules, kind=kind))

    cause = verdict.cause
    if verdict.allowed and cause.list_name == place.name:
        where = (cause.list_name, cause.line)
        if refuses(inquiry.changed(without=[where])):
            return [place.changed("block", "remove", [inquiry.matcher.rule_text(cause)], "")]
    if rules := block_for(inquiry.question.name, works):
        return [place.changed("block", "add", rules, "")]
    note = "no rule can be written that blocks this name"
    if verdict.allowed:
        note = f"no rule beats line {cause.line} of {cause.list_name}: disable that list"
    return [change("block", "none", "", note=note)]


def _trial(inquiry: Inquiry) -> Trial:
    does = lets_pass(inquiry)

    def works(rules: tuple[str, ...], kind: Kind) -> bool:
        return does(inquiry.changed(rules, kind=kind))

    return works


def _rules_in_the_way(
    inquiry: Inquiry, verdict: Verdict, name: str
) -> tuple[set[tuple[str, int]], list[str]]:
    """The rules of a list that decide, one after the other as each is taken out."""
    removed: set[tuple[str, int]] = set()
    texts: list[str] = []
    while verdict.cause.list_name == name and len(removed) < MOST_REMOVED:
        if passes(verdict):
            break
        removed.add((name, verdict.cause.line))
        texts.append(inquiry.matcher.rule_text(verdict.cause))
        verdict = inquiry.changed(without=removed).verdict()
    return removed, texts


def refused_targets(leads: Sequence[Lead]) -> list[bytes | str]:
    """The names and addresses that rules refuse, each once."""
    refused = [each for each in leads if each["refused"] and each["line"]]
    values = dict.fromkeys((each["what"], each["value"]) for each in refused)
    return [from_text(value) if what.endswith("target") else value for what, value in values]


def _what_else(inquiry: Inquiry, rules: tuple[str, ...]) -> str:
    """What still stands in the way once the lists let it pass."""
    cause = inquiry.changed(rules).verdict().cause
    return f"{cause.list_name} would still refuse the answer" if cause in PROTECTIONS else ""


def refuses(inquiry: Inquiry) -> bool:
    """Whether a rule refuses the name. One that has it answered otherwise, as safe search does,
    neither refuses it nor lets it pass."""
    outcome = inquiry.verdict().outcome
    if outcome is not Outcome.REWRITTEN:
        return outcome is Outcome.BLOCKED
    asked = inquiry.question
    match = inquiry.group.filter.match(asked.name, asked.qtype, inquiry.client.traits)
    return severity_of(match) is Severity.REFUSES
