"""Rules to add to the own ones, or to take out of them, to have a name allowed or blocked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sinkhole.filter.line import Kind
from sinkhole.filter.ways import Trial, allow_lines, block_for, exceptions_for
from sinkhole.screen import BOGUS, REBINDING
from sinkhole.story.change import Change, change
from sinkhole.story.scene import OWN_RULES, Scene
from sinkhole.verdict import Outcome, Verdict
from sinkhole.wire.name import from_text

RULES: Final = "filtering.rules"
PROTECTIONS: Final = (REBINDING, BOGUS)
"""What refuses answers besides rules."""

MOST_REMOVED: Final = 10
"""Own rules that stand in the way of a name; where there are more, an exception is told."""


def passes(verdict: Verdict) -> bool:
    """Whether no rule of a list stands in the way."""
    return verdict.outcome is Outcome.FORWARDED or verdict.cause in PROTECTIONS


def ways_to_allow(scene: Scene, verdict: Verdict, leads: Sequence[dict[str, Any]]) -> list[Change]:
    """Own rules to remove if they are all that refuses it, else exceptions to add."""
    removed, texts = _own_rules_in_the_way(scene, verdict)
    if removed and passes(scene.changed(without=removed).verdict()):
        return [change("allow", "remove", RULES, texts)]
    works = _trial(scene)
    found = [
        change("allow", "add", RULES, rules, _what_else(scene, rules))
        for targets in ([scene.question.name], _refused(leads))
        if (rules := exceptions_for(targets, works))
    ]
    if found:
        return found
    if lines := allow_lines([scene.question.name], works):
        note = "no exception beats what decides here, but a list of kind allow does"
        return [change("allow", "add", "filtering.lists", lines, note)]
    note = "no rule can be written that allows this name; disable the list that decides"
    return [change("allow", "none", "", note=note)]


def ways_to_block(scene: Scene, verdict: Verdict) -> list[Change]:
    """The own exception to remove if that is enough, else a rule to add."""

    def works(rules: tuple[str, ...], kind: Kind) -> bool:
        return _refuses(scene.changed(rules, kind=kind).verdict())

    cause = verdict.cause
    if verdict.allowed and cause.list_name == OWN_RULES:
        place = (cause.list_name, cause.line)
        if _refuses(scene.changed(without=[place]).verdict()):
            return [change("block", "remove", RULES, [scene.matcher.rule_text(cause)])]
    if rules := block_for(scene.question.name, works):
        return [change("block", "add", RULES, rules)]
    note = "no rule can be written that blocks this name"
    if verdict.allowed:
        note = f"no rule beats line {cause.line} of {cause.list_name}: disable that list"
    return [change("block", "none", "", note=note)]


def _trial(scene: Scene) -> Trial:
    def works(rules: tuple[str, ...], kind: Kind) -> bool:
        return passes(scene.changed(rules, kind=kind).verdict())

    return works


def _own_rules_in_the_way(scene: Scene, verdict: Verdict) -> tuple[set[tuple[str, int]], list[str]]:
    """The own rules that decide, one after the other as each is taken out."""
    removed: set[tuple[str, int]] = set()
    texts: list[str] = []
    while verdict.cause.list_name == OWN_RULES and len(removed) < MOST_REMOVED:
        if passes(verdict):
            break
        removed.add((OWN_RULES, verdict.cause.line))
        texts.append(scene.matcher.rule_text(verdict.cause))
        verdict = scene.changed(without=removed).verdict()
    return removed, texts


def _refused(leads: Sequence[dict[str, Any]]) -> list[bytes | str]:
    """The names and addresses that rules refuse, each once."""
    refused = [each for each in leads if each["refused"] and each["line"]]
    values = dict.fromkeys((each["what"], each["value"]) for each in refused)
    return [from_text(value) if what.endswith("target") else value for what, value in values]


def _what_else(scene: Scene, rules: tuple[str, ...]) -> str:
    """What still stands in the way once the lists let it pass."""
    cause = scene.changed(rules).verdict().cause
    return f"{cause.list_name} would still refuse the answer" if cause in PROTECTIONS else ""


def _refuses(verdict: Verdict) -> bool:
    return verdict.outcome in (Outcome.BLOCKED, Outcome.REWRITTEN)
