"""Blocking or allowing a name in one step, from a row of the log: shown first, then done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from pydantic import Field

from sinkhole.control.explain import Inquiry
from sinkhole.control.explain.altered_rules import RulePlace as Place
from sinkhole.control.explain.audience import Audience, Whose
from sinkhole.control.explain.choosing import Choice, choose
from sinkhole.control.explain.trial import Trial, trial_of_rules
from sinkhole.control.lists.own_rules import OWN_RULES, TEMPORARY_RULES
from sinkhole.control.operations.asker import known_as
from sinkhole.control.operations.explain import Question
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Output, operation
from sinkhole.control.operations.origins import origin_of
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.operations.rules import KEY, LONGEST_S
from sinkhole.control.operations.trials import (
    DAYS,
    Judgement,
    LogEffect,
    a_test,
    both_judged,
    inquiry_of,
    on_log,
)
from sinkhole.control.querylog.recent_names import AskedBy
from sinkhole.control.settings.addresses import is_address
from sinkhole.control.settings.in_force import Change
from sinkhole.control.state.temporary_rules import TemporaryRule
from sinkhole.model.actor import Actor, Permission

FOR_CLIENT: Final = " for "

_ODD: Final = re.compile(r"[^\w.\\-]")


class NameChoice(Question):
    """A name, what is to become of it, for whom and for how long.

    `type` and `client` are those of the query that it is about: rules are tried on it.
    """

    action: Literal["block", "allow"]
    scope: Literal["everybody", "client"] = Field(
        default="everybody", description="For everybody, or for the client of the query only."
    )
    seconds: float | None = Field(
        default=None,
        gt=0,
        le=LONGEST_S,
        description="For so many seconds; for good without.",
        examples=[3600],
    )


class NameChosen(Output):
    """What was done, or would be, about a name."""

    done: bool = Field(description="False where it is only told, or was so already.")
    add: list[str] = Field(description="Rules that are added.")
    remove: list[str] = Field(description="Own rules that are removed.")
    ended: list[str] = Field(description="Rules for a time that end, as this takes their place.")
    note: str
    before: Judgement
    after: Judgement
    log: LogEffect | None = Field(
        description="What would have changed of the last week's queries, of the client where it is "
        "for one; only in a preview."
    )
    log_error: str | None


@operation("names.preview", Permission.LOG_READ)
async def preview(house: House, actor: Actor, given: NameChoice) -> NameChosen:
    """Tell which rule would block or allow a name, and what it would change of the last week."""
    found = await _find(house, given)
    with a_test(house):
        log, log_error = await on_log(house, found.trial, DAYS, found.whose)
    return found.told.model_copy(update={"log": log, "log_error": log_error})


@operation("names.choose", Permission.RULES_WRITE, changes=True)
async def choose_name(house: House, actor: Actor, given: NameChoice) -> NameChosen:
    """Block or allow a name and all below it, by the mildest rule that does.

    Own rules that stand in the way are removed where that is all there is to do. For one client or
    for a time, rules are added only.
    """
    found = await _find(house, given)
    if found.is_to_do:
        await _do(house, actor, given, found)
    return found.told.model_copy(update={"done": found.is_to_do})


class _Found(NamedTuple):
    """What a choice comes to, with what else is known of it; `note` is what rules are made for."""

    told: NameChosen
    choice: Choice
    earlier: list[TemporaryRule]
    trial: Trial
    note: str
    whose: Whose | None

    @property
    def is_to_do(self) -> bool:
        return bool(self.choice.added or self.choice.removed or self.earlier)


async def _find(house: House, given: NameChoice) -> _Found:
    _refuse_what_is_no_host(given)
    inquiry = inquiry_of(house, given.name, given.type, given.client)
    client = _in_rules(house, given) if given.scope == "client" else ""
    note = _note(given, client)
    earlier = [each for each in house.temporary_rules.rules if each.note == note]
    without = _places(house, earlier)
    audience = house.audience()
    unserved = _unserved(inquiry) if given.client else ""
    asker = audience.asker_of(inquiry.recognised.owner, AskedBy(inquiry.client.text))
    if not asker.asked.is_on:
        why = f"nothing is refused to {asker.name}: its group {asker.group}, or it itself, says so"
        raise refusal("conflict", "nothing_to_change", why)
    choice = await _choice(house, audience, inquiry, given, client, without)
    if not choice.is_possible:
        why = unserved or choice.note or "no rule has that effect"
        raise refusal("conflict", "nothing_to_change", why)
    gone = [*without, *_own_places(house, choice.removed)]
    trial = trial_of_rules(audience, choice.added, gone)
    before, after = await both_judged(trial, inquiry)
    told = NameChosen(
        done=False,
        add=list(choice.added),
        remove=list(choice.removed),
        ended=[each.text for each in earlier],
        note="; ".join(filter(None, (unserved, choice.note))),
        before=before,
        after=after,
        log=None,
        log_error=None,
    )
    whose = audience.of_client(asker.name) if client else None
    return _Found(told, choice, earlier, trial, note, whose)


def _unserved(inquiry: Inquiry) -> str:
    """That whoever is meant gets no answer at all, whatever rules say; "" for who does."""
    client = inquiry.client
    return "" if client.allowed else f"{client.text} may not ask at all: it is not in dns.allow"


def _refuse_what_is_no_host(given: NameChoice) -> None:
    """DNS takes any byte in a name, and the log writes odd ones with a backslash; what somebody
    types with one in it is a mistake."""
    odd = _ODD.search(given.name)
    if is_address(given.name):
        told = "is an address, and rules for a name"
    elif odd and "://" not in given.name:
        told = f"has {odd[0]!r} in it, and no name to {given.action}"
    else:
        return
    text = (
        f"{given.name!r} {told}: write one such as ads.example.org, which stands for all below it"
    )
    raise refusal("invalid", "question_invalid", text)


async def _choice(
    house: House,
    audience: Audience,
    inquiry: Inquiry,
    given: NameChoice,
    client: str,
    without: list[Place],
) -> Choice:
    """What is to be done; rules that the settings file holds stay, and are overruled."""

    def search(*, may_remove: bool) -> Choice:
        return choose(
            *(audience, inquiry, given.action),
            for_client=client,
            may_remove=may_remove,
            without=without,
        )

    choice = await asyncio.to_thread(search, may_remove=given.seconds is None)
    settings = house.settings.settings
    if any(origin_of(settings, KEY, rule)[1] for rule in choice.removed):
        choice = await asyncio.to_thread(search, may_remove=False)
    return choice


async def _do(house: House, actor: Actor, given: NameChoice, found: _Found) -> None:
    choice = found.choice
    if given.seconds is not None and choice.added:
        await house.temporary_rules.add(choice.added, given.seconds, actor, found.note)
    elif choice.added or choice.removed:
        changes = [Change(KEY, rule, "remove") for rule in choice.removed]
        changes += [Change(KEY, rule, "set", rule) for rule in choice.added]
        await house.settings.change(changes, actor, note=_of_change(given.action, found.note))
    still = {each.number for each in house.temporary_rules.rules}
    if ended := [each.number for each in found.earlier if each.number in still]:
        await house.temporary_rules.remove(ended)


def _note(given: NameChoice, client: str) -> str:
    """What a rule was made for; it is found again by this."""
    name = given.name.lower().rstrip(".")
    return f"{name}{FOR_CLIENT}{client}" if client else name


def _of_change(action: str, note: str) -> str:
    """The same for who reads what was changed, as sentences that are translated."""
    name, _, client = note.partition(FOR_CLIENT)
    if action == "allow":
        return f"allow {name} for {client}" if client else f"allow {name}"
    return f"block {name} for {client}" if client else f"block {name}"


def _in_rules(house: House, given: NameChoice) -> str:
    """What rules call the client of the query: its name, or its address."""
    if not given.client:
        text = "say which client: its address, or what the settings call it"
        raise refusal("invalid", "client_unknown", text)
    known = known_as(house, given.client)
    return known.name if known else given.client


def _places(house: House, rules: Iterable[TemporaryRule]) -> list[Place]:
    lines = {each.number: line for line, each in enumerate(house.temporary_rules.rules, start=1)}
    return [(TEMPORARY_RULES, lines[each.number]) for each in rules]


def _own_places(house: House, rules: Iterable[str]) -> list[Place]:
    lines = {rule: line for line, rule in enumerate(house.settings.settings.filtering.rules, 1)}
    return [(OWN_RULES, lines[rule]) for rule in rules if rule in lines]
