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
from sinkhole.control.explain.cached import entries_of, kept_answer
from sinkhole.control.explain.effect import Effect, effect
from sinkhole.control.explain.explainer import Explainer, read_question
from sinkhole.control.explain.records import place_of
from sinkhole.control.explain.trial import Trial
from sinkhole.control.operations.answers import RulePlace
from sinkhole.control.operations.asker import address_of, known_as
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Output
from sinkhole.control.operations.refusals import refusal, understood
from sinkhole.control.operations.underway import MOST_TESTS
from sinkhole.control.querylog.recent_names import RecentNames
from sinkhole.dns.wire.international import in_unicode
from sinkhole.model.errors import RequestError, StorageError

DAYS: Final = 7
"""Days of the log that rules are tried on, unless told."""

MOST_DAYS: Final = 90

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


class LogEffect(Output):
    """What would have changed of the queries of the last days.

    Each name is judged by the rules as a question for its IPv4 address; what an answer led to (a
    CNAME, an address) is not in the count.
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
    house: House, trial: Trial, days: int = DAYS, client: str = ""
) -> tuple[LogEffect | None, str | None]:
    """What a trial would have changed of the log, for all or one client as the log writes it; None
    and why, where the log can't be read."""
    try:
        names = RecentNames(house.log_reader(), days * DAY_S)
        found = await effect(trial, names, client or None)
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
    )


def _askers(house: House, clients: Sequence[tuple[str, int]]) -> list[NameAsker]:
    return [
        NameAsker(client=client, client_name=house.client_name(client), queries=queries)
        for client, queries in clients
    ]


def inquiry_of(house: House, name: str, qtype: str, client: str) -> Inquiry:
    """A question of a client, called as people do, with the answer that is at hand; the filter is
    taken for on."""
    explainer: Explainer = house.explainer()
    known, client_id, address = known_as(house, client), "", ""
    if known is not None and client.casefold() in known.ids:
        client_id = client.casefold()
    if known is None or known.addresses or not client_id:
        address = address_of(house, client)
    with understood("question_invalid"):
        question, packed = read_question(name, qtype, address)
    inquiry = explainer.inquiry(question, packed, client_id)
    _, answer = kept_answer(entries_of(inquiry, explainer.table), inquiry)
    return replace(inquiry, answer=answer, matcher=house.matcher())


def judged(inquiry: Inquiry) -> Judgement:
    """What becomes of a question; reads the rule's text from the disk, if it is there."""
    verdict, rules = inquiry.verdict(), inquiry.policy.group.filter
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


async def both_judged(trial: Trial, inquiry: Inquiry) -> tuple[Judgement, Judgement]:
    """What becomes of a question under the rules as they are, and as they would be."""
    before, after = trial.seen_by(inquiry)
    return await asyncio.to_thread(judged, before), await asyncio.to_thread(judged, after)
