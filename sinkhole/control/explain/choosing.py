"""The rule that blocks or allows a name, for everybody or one client: found by trying."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple

from sinkhole.control.explain.altered_rules import RulePlace
from sinkhole.control.explain.audience import Audience
from sinkhole.control.explain.by_rules import (
    PROTECTIONS,
    RULES,
    is_answered_only,
    lets_pass,
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
from sinkhole.control.settings.renaming import client_in_rule
from sinkhole.dns.filter.language.line import Kind
from sinkhole.model.explanation import Change

Wanted = Literal["block", "allow"]

COVERS_ANSWER: Final = (
    "no rule refuses the name itself; the exception also covers what its answer leads to"
)


class Choice(NamedTuple):
    """Own rules to add and to remove, or none where it is so already.

    `note` is what else there is to say; where `is_possible` is False, why no rule does it.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    note: str = ""
    is_possible: bool = True


def choose(
    audience: Audience,
    inquiry: Inquiry,
    wanted: Wanted,
    *,
    for_client: str = "",
    may_remove: bool = True,
    without: Iterable[RulePlace] = (),
) -> Choice:
    """The mildest change of the own rules that has a name blocked, or allowed.

    A name that no rule names is allowed by an exception: what its answer leads to may be refused,
    even where nothing is known of that now.

    `for_client` is what rules call the one client that it is for, "" for everybody. With
    `may_remove`, own rules that stand in the way are taken out where that is all; rules `without`
    are taken for gone.
    """
    without = tuple(without)
    now = trial_of_rules(audience, removed=without).seen_by(inquiry)[1]
    verdict = now.verdict()
    if wanted == "block" and refuses(now):
        return _already(wanted)
    if wanted == "allow" and passes(verdict):
        was_refused = without and not passes(trial_of_rules(audience).seen_by(inquiry)[1].verdict())
        if verdict.allowed or was_refused:
            return _already(wanted)
        return _named(audience, now, for_client, without)
    if may_remove and not for_client and not without:
        ways = (
            ways_to_block(now, verdict)
            if wanted == "block"
            else ways_to_allow(now, verdict, leads_of(now))
        )
        found = _first(ways)
    else:
        found = _searched(audience, now, wanted, for_client, without)
    if wanted == "allow" and not found.is_possible and is_answered_only(now):
        return Choice(
            note=f"that name is allowed already, and {verdict.cause.list_name} answers it"
        )
    return found


def client_modifier(client: str) -> str:
    """How a rule names a client: by its name, an id or an address."""
    return f"client={client_in_rule(client)}"


def _first(ways: Sequence[Change]) -> Choice:
    for way in ways:
        if way["where"] != RULES:
            continue
        items = tuple(way["items"])
        if way["change"] == "remove":
            return Choice(removed=items, note=way["note"])
        return Choice(added=items, note=way["note"])
    return Choice(note=next((way["note"] for way in ways), ""), is_possible=False)


def _already(wanted: Wanted) -> Choice:
    return Choice(note=f"that name is {wanted}ed already")


def _named(audience: Audience, now: Inquiry, client: str, without: tuple[RulePlace, ...]) -> Choice:
    """An exception for a name that no rule refuses."""
    cause = now.verdict().cause
    if cause in PROTECTIONS:
        note = f"{cause.list_name} would still refuse the answer"
        return Choice(note=note, is_possible=False)
    found = _searched(audience, now, "allow", client, without)
    return found._replace(note=COVERS_ANSWER) if found.is_possible else _already("allow")


def _searched(
    audience: Audience, now: Inquiry, wanted: Wanted, client: str, without: tuple[RulePlace, ...]
) -> Choice:
    """Rules to add for one client, or beside what is there."""
    does = refuses if wanted == "block" else _allows(now)

    def trial(rules: Sequence[str]) -> Trial:
        scoped = [_scoped(rule, client) for rule in rules]
        return trial_of_rules(audience, scoped, without)

    def works(rules: tuple[str, ...], kind: Kind) -> bool:
        return does(trial(rules).seen_by(now)[1])

    name = now.question.name
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


def _allows(now: Inquiry) -> Callable[[Inquiry], bool]:
    """Whether rules on trial let a name pass; one that passes as it is has to be named by them."""
    is_to_be_named, does = passes(now.verdict()), lets_pass(now)

    def allows(inquiry: Inquiry) -> bool:
        return does(inquiry) and (inquiry.verdict().allowed or not is_to_be_named)

    return allows


def _scoped(rule: str, client: str) -> str:
    if not client:
        return rule
    return f"{rule}{',' if '$' in rule else '$'}{client_modifier(client)}"
