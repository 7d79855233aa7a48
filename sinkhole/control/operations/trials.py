"""What rules and lists would do, as operations tell it: to a question, and to the log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Literal

from pydantic import Field

from sinkhole.control.explain import Inquiry
from sinkhole.control.explain.altered_rules import AlteredRules
from sinkhole.control.explain.audience import Asker, Audience, Whose
from sinkhole.control.explain.cached import entries_of, kept_answer
from sinkhole.control.explain.effect import ChangedFor, Effect, effect
from sinkhole.control.explain.explainer import Explainer, read_question
from sinkhole.control.explain.records import place_of
from sinkhole.control.explain.trial import Trial
from sinkhole.control.operations.answers import RulePlace
from sinkhole.control.operations.asker import meant_by
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Output
from sinkhole.control.operations.refusals import refusal, understood
from sinkhole.control.operations.underway import MOST_TESTS
from sinkhole.control.querylog.recent_names import AskedBy, RecentNames
from sinkhole.dns.wire.international import in_unicode
from sinkhole.model.errors import RequestError, StorageError

DAYS: Final = 7
"""Days of the log that rules are tried on, unless told."""

MOST_DAYS: Final = 90

MOST_CLIENTS: Final = 20
"""Clients told one by one, those for whom most would change."""

DAY_S: Final = 86_400.0


class NameAsker(Output):
    """Who asked for a name, and how often."""

    client: str = Field(examples=["192.0.2.7"])
    client_name: str = Field(description='What the settings call it, "" for one not known.')
    queries: int


class ChangedName(Output):
    """A name that something would change about."""

    name: str
    name_unicode: str = Field(description="As people read it.")
    becomes: Literal["blocked", "freed"]
    queries: int = Field(description="How often it was asked for.")
    clients: list[NameAsker] = Field(description="The busiest clients that asked for it.")


class ClientEffect(Output):
    """What would have changed for one client."""

    client: str = Field(examples=["192.0.2.7"])
    client_name: str = Field(description='What the settings call it, "" for one not known.')
    queries_blocked: int
    queries_freed: int


class LogEffect(Output):
    """What would have changed of the queries of the last days.

    Each name is judged by the rules as a question for its IPv4 address; what an answer led to (a
    CNAME, an address) is not in the count. Who asked for it is judged by the rules that apply to
    him now, with the schedules that are open now, and the filter on.
    """

    days: int
    names_asked: int = Field(description="Different names that were asked for.")
    queries: int = Field(description="Queries there were, of the client where one is given.")
    names_blocked: int = Field(description="Names that would newly be blocked.")
    queries_blocked: int
    names_freed: int = Field(description="Names that would be blocked no longer.")
    queries_freed: int
    percent: float = Field(description="Queries that would change, of all there were.")
    partial: bool = Field(description="Whether there were more names than are looked at.")
    top: list[ChangedName] = Field(description="The changed names asked for most.")
    clients: list[ClientEffect] = Field(
        description="For whom most would change, by the rows that the log still has of the changed "
        "names asked for most."
    )


class Judgement(RulePlace):
    """What becomes of a question, and which rule decides; one that is not there yet has no line."""

    outcome: str = Field(description="As the log says it.", examples=["blocked"])
    blocked: bool
    allowed: bool = Field(description="Whether an exception or an allow list names it.")
    hop: str = Field(description="What in the answer decides: a name or an address.")


@contextmanager
def a_test(house: House) -> Iterator[None]:
    """Hold a place for trying rules on the log."""
    text = f"{MOST_TESTS} tests of rules are running already; wait for one to end"
    refused = refusal("too_many", "too_many_underway", text)
    with house.underway.one_of(MOST_TESTS, "rules.test", refused):
        yield


async def on_log(
    house: House, trial: Trial, days: int = DAYS, whose: Whose | None = None
) -> tuple[LogEffect | None, str | None]:
    """What a trial would have changed of the log, for all or some clients; None and why, where the
    log can't be read."""
    try:
        names = RecentNames(house.log_store(), days * DAY_S)
        found = await effect(trial, names, whose)
    except (StorageError, RequestError) as error:
        return None, str(error)
    return _told(house, found, days), None


def _told(house: House, found: Effect, days: int) -> LogEffect:
    changed = found.queries_blocked + found.queries_freed
    return LogEffect(
        days=days,
        names_asked=found.names,
        queries=found.queries,
        names_blocked=found.names_blocked,
        queries_blocked=found.queries_blocked,
        names_freed=found.names_freed,
        queries_freed=found.queries_freed,
        percent=round(100 * changed / found.queries, 1) if found.queries else 0.0,
        partial=found.is_partial,
        top=[
            ChangedName(
                name=each.name,
                name_unicode=in_unicode(each.name),
                becomes=each.becomes,
                queries=each.queries,
                clients=_askers(house, each.clients),
            )
            for each in found.top
        ],
        clients=_for_whom(house, found.clients),
    )


def _askers(house: House, clients: Sequence[tuple[AskedBy, int]]) -> list[NameAsker]:
    """Who asked, a client with several addresses once, where its first one is told."""
    found: dict[str, NameAsker] = {}
    for client, queries in clients:
        name = house.client_name(client.text, client.device)
        known = name or client.text
        first = found.get(known) or NameAsker(client=client.text, client_name=name, queries=0)
        found[known] = first.model_copy(update={"queries": first.queries + queries})
    return sorted(found.values(), key=lambda each: -each.queries)


def _for_whom(house: House, clients: Sequence[ChangedFor]) -> list[ClientEffect]:
    """For whom most would change, a client with several addresses once."""
    found: dict[str, ClientEffect] = {}
    for (text, device, _), blocked, freed in clients:
        name = house.client_name(text, device)
        before = found.get(name or text)
        found[name or text] = ClientEffect(
            client=before.client if before else text,
            client_name=name,
            queries_blocked=blocked + (before.queries_blocked if before else 0),
            queries_freed=freed + (before.queries_freed if before else 0),
        )
    ranked = sorted(found.values(), key=lambda each: -each.queries_blocked - each.queries_freed)
    return ranked[:MOST_CLIENTS]


def whose(house: House, audience: Audience, client: str, group: str) -> Whose | None:
    """Whose queries something is tried on, a client's or a group's; None for everybody's."""
    if client and group:
        text = "say a client or a group, not both"
        raise refusal("invalid", "client_unknown", text)
    if client:
        meant = meant_by(house, client)
        return audience.of_client(meant.name or audience.at(meant.packed).name)
    if not group:
        return None
    try:
        return audience.of_group(group)
    except KeyError:
        text = f"there is no group {group!r}: there are {', '.join(audience.groups)}"
        raise refusal("invalid", "group_unknown", text) from None


def inquiry_of(house: House, name: str, qtype: str, client: str) -> Inquiry:
    """A question of a client, called as people do, with the answer that is at hand."""
    explainer: Explainer = house.explainer()
    with understood("question_invalid"):
        question, _ = read_question(name, qtype, "")
        meant = meant_by(house, client)
    inquiry = explainer.inquiry(question, meant)
    _, answer = kept_answer(entries_of(inquiry, explainer.table), inquiry)
    return replace(inquiry, answer=answer)


def judged(inquiry: Inquiry) -> Judgement:
    """What becomes of a question; reads the rule's text from the disk, if it is there."""
    verdict, rules = inquiry.verdict(), inquiry.group.filter
    place = place_of(verdict.cause)
    line = place["line"] or 0
    if isinstance(rules, AlteredRules) and (text := rules.added_text(line)):
        place["line"], place["rule"] = None, text
    elif place["rule"] == "":
        place["rule"] = inquiry.matcher.rule_text(verdict.cause)
    return Judgement(
        **place,
        outcome=verdict.outcome.name.lower(),
        blocked=verdict.outcome.is_block,
        allowed=verdict.allowed,
        hop=verdict.hop,
    )


async def both_judged(
    trial: Trial, inquiry: Inquiry, asker: Asker | None = None
) -> tuple[Judgement, Judgement]:
    """What becomes of a question under the rules as they are, and as they would be: for who asks
    it, or for somebody else."""
    before, after = trial.seen_by(inquiry, asker)
    return await asyncio.to_thread(judged, before), await asyncio.to_thread(judged, after)
