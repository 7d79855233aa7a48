"""The rule that blocks or allows a name, for everybody or one client: found by trying."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from sinkhole.control.explain.altered_rules import RulePlace
from sinkhole.control.explain.by_rules import (
    RULES,
    passes,
    refused_targets,
    refuses,
    ways_to_allow,
    ways_to_block,
)
from sinkhole.control.explain.explanation import leads_of
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.rule_search import block_for, exceptions_for
from sinkhole.control.explain.trial import Trial, trial_of_rules
from sinkhole.dns.filter.language.line import Kind
from sinkhole.model.explanation import Change

Wanted = Literal["block", "allow"]

_ESCAPED: Final = ("'", ",", "|", "$")
"""What ends the name of a client in a rule, or parts it."""


class Choice(NamedTuple):
    """Own rules to add and to remove, or none where it is so already.

    `note` is what else there is to say; where `is_possible` is False, why no rule does it.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    note: str = ""
    is_possible: bool = True


def choose(
    inquiry: Inquiry,
    wanted: Wanted,
    *,
    for_client: str = "",
    may_remove: bool = True,
    without: Iterable[RulePlace] = (),
) -> Choice:
    """The mildest change of the own rules that has a name blocked, or allowed.

    `for_client` is what rules call the one client that it is for, "" for everybody. With
    `may_remove`, own rules that stand in the way are taken out where that is all; rules `without`
    are taken for gone.
    """
    without = tuple(without)
    now = trial_of_rules(inquiry.matcher, inquiry.settings, removed=without).seen_by(inquiry)[1]
    verdict = now.verdict()
    if (refuses if wanted == "block" else passes)(verdict):
        return Choice(note=f"that name is {wanted}ed already")
    if may_remove and not for_client and not without:
        ways = (
            ways_to_block(now, verdict)
            if wanted == "block"
            else ways_to_allow(now, verdict, leads_of(now))
        )
        return _first(ways)
    return _searched(inquiry, now, wanted, for_client, without)


def client_modifier(client: str) -> str:
    """How a rule names a client: by its name, an id or an address."""
    for sign in _ESCAPED:
        client = client.replace(sign, "\\" + sign)
    return f"client='{client}'"


def _first(ways: Sequence[Change]) -> Choice:
    for way in ways:
        if way["where"] != RULES:
            continue
        items = tuple(way["items"])
        if way["change"] == "remove":
            return Choice(removed=items, note=way["note"])
        return Choice(added=items, note=way["note"])
    return Choice(note=next((way["note"] for way in ways), ""), is_possible=False)


def _searched(
    inquiry: Inquiry, now: Inquiry, wanted: Wanted, client: str, without: tuple[RulePlace, ...]
) -> Choice:
    """Rules to add for one client, or beside what is there."""
    does = refuses if wanted == "block" else passes

    def trial(rules: Sequence[str]) -> Trial:
        scoped = [_scoped(rule, client) for rule in rules]
        return trial_of_rules(inquiry.matcher, inquiry.settings, scoped, without)

    def works(rules: tuple[str, ...], kind: Kind) -> bool:
        return does(trial(rules).seen_by(inquiry)[1].verdict())

    name = inquiry.question.name
    if wanted == "block":
        rules = block_for(name, works)
    else:
        targets = ([name], refused_targets(leads_of(now)))
        found = (exceptions_for(each, works) for each in targets)
        rules = next((each for each in found if each), ())
    if not rules:
        note = f"no own rule has this name {wanted}ed: look who decides, and disable that list"
        return Choice(note=note, is_possible=False)
    return Choice(added=tuple(_scoped(rule, client) for rule in rules))


def _scoped(rule: str, client: str) -> str:
    if not client:
        return rule
    return f"{rule}{',' if '$' in rule else '$'}{client_modifier(client)}"
