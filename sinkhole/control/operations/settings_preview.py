"""What other settings would have done to the queries of the last days, client by client."""

from __future__ import annotations

import time
from typing import Literal

from pydantic import Field

from sinkhole.control.explain.policy_effect import policy_effect
from sinkhole.control.explain.policy_trial import PolicyTrial, Said
from sinkhole.control.explain.records import place_of
from sinkhole.control.explain.tried_queries import ClientEffect, NameEffect
from sinkhole.control.groups.moments import read_moment
from sinkhole.control.operations.answers import RulePlace
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Output, operation
from sinkhole.control.operations.refusals import refusal, understood, with_log
from sinkhole.control.operations.settings import ChangedPlace, Revision, SettingChange, result_of
from sinkhole.control.operations.trials import DAY_S, DAYS, MOST_DAYS
from sinkhole.control.querylog.recent_queries import RecentQueries
from sinkhole.control.settings.in_force import Change, Changed
from sinkhole.dns.wire.international import in_unicode
from sinkhole.dns.wire.numbers import type_name
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError

PREVIEW = "settings.preview"


class PreviewedChanges(Input):
    """Changes as `settings.change` takes them, and what of the log they are tried on."""

    changes: list[SettingChange] = Field(
        default=[],
        max_length=5000,
        description="Without any, what the settings file and the environment say by now is tried, "
        "as settings.reload would apply it.",
    )
    revision: str | None = Revision
    days: int = Field(default=DAYS, ge=1, le=MOST_DAYS, description="How many days of the log.")
    at: str = Field(
        default="",
        max_length=40,
        description="A moment, as `explain` takes it: all queries are judged as if they came then. "
        "Without it, each is judged by the schedules that are open at the time when it came.",
        examples=["21:30", "fri 21:30", "2030-01-31T21:30"],
    )


class WhatIsSaid(RulePlace):
    """What becomes of a question, and which rule decides."""

    outcome: str = Field(description="As the log says it.", examples=["blocked"])
    detail: str
    via: str = Field(description='The upstream set that is asked; "" is the usual one.')


class PreviewedName(Output):
    """A name that something changes about for a client."""

    name: str
    name_unicode: str = Field(description="As people read it.")
    types: list[str] = Field(examples=[["A", "AAAA"]])
    becomes: Literal["blocked", "freed", "changed"] = Field(
        description="changed: answered in another way, or refused for another reason."
    )
    queries: int
    before: WhatIsSaid
    after: WhatIsSaid


class Counts(Output):
    """Queries that were looked at, and those of which other things would have become."""

    queries: int
    unnamed: int = Field(description="Those of which the log has no name: they are not judged.")
    blocked: int
    freed: int
    changed: int = Field(description="Answered in another way, or refused for another reason.")


class PreviewedClient(Counts):
    """What changes for a client, or for a device without a name; in `client` and `device` all that
    the log says of it."""

    name: str = Field(description='What the settings call it, "" for one they do not know.')
    client: str = Field(description="An address or id.", examples=["192.0.2.7"])
    device: str = Field(description="The MAC, where it is known.")
    group_before: str
    group_after: str
    hides_names: bool = Field(description="Whether its names are not to be told.")
    names: list[PreviewedName] = Field(
        description="The names blocked or freed that it asked for most, then those changed."
    )


class SettingsPreview(Counts):
    """What would have changed; only of those is told to whom other things would apply."""

    revision: str
    differences: list[ChangedPlace]
    days: int
    at: float | None = Field(description="The moment, in seconds since 1970, if one was given.")
    since: float = Field(description="How far back the log was looked at.")
    partial: bool = Field(description="Whether there was more in it than is looked at.")
    notes: list[str] = Field(description="What is not in this, a sentence each.")
    clients: list[PreviewedClient] = Field(description="Those first for whom most changes.")
    more_clients: int = Field(description="How many others there are that are not told.")


@operation(PREVIEW, Permission.SETTINGS_WRITE)
async def preview(house: House, actor: Actor, given: PreviewedChanges) -> SettingsPreview:
    """Tell what changes of the settings would have done to the queries of the last days, client by
    client.

    It also takes the permission log:read. Nothing is changed, and nobody is asked: names are judged
    by the settings in force and by the others, each type by itself; what an answer leads to (a
    CNAME, an address) is not in the count. Pauses are taken for over. One at a time.
    """
    _check_log(actor)
    refused = refusal(
        "too_many", "too_many_underway", "other settings are being tried out; wait for that to end"
    )
    with house.underway.one_of(1, PREVIEW, refused):
        planned = await _planned(house, actor, given)
        trial = await house.on_trial(planned.settings)
        at_s = _moment(given.at, trial) if given.at else None
        with with_log():
            log = RecentQueries(house.log_store(), given.days * DAY_S)
            found = await policy_effect(trial, log, at_s)
        return SettingsPreview(
            revision=planned.revision,
            differences=result_of(planned).differences,
            days=given.days,
            at=at_s,
            since=found.since_s,
            partial=found.is_partial,
            notes=trial.notes,
            clients=[_client(each) for each in found.clients],
            more_clients=found.more,
            queries=found.queries,
            unnamed=found.unnamed,
            blocked=found.blocked,
            freed=found.freed,
            changed=found.changed,
        )


def _check_log(actor: Actor) -> None:
    wanted = Permission.LOG_READ
    if not actor.may(wanted):
        text = f"{PREVIEW} also needs the permission {wanted}, which {actor.name} does not have"
        raise RequestError("forbidden", "permission_missing", text, {"permission": str(wanted)})


async def _planned(house: House, actor: Actor, given: PreviewedChanges) -> Changed:
    if not given.changes:
        return await house.settings.reload(dry_run=True)
    changes = [Change(each.key, each.item, each.action, each.value) for each in given.changes]
    return await house.settings.change(changes, actor, revision=given.revision, dry_run=True)


def _moment(text: str, trial: PolicyTrial) -> float:
    with understood("moment_invalid"):
        return read_moment(text, time.time(), trial.zone)


def _client(found: ClientEffect) -> PreviewedClient:
    return PreviewedClient(
        name=found.name,
        client=found.text,
        device=found.device,
        group_before=found.groups[0],
        group_after=found.groups[1],
        hides_names=found.hides_names,
        queries=found.queries,
        unnamed=found.unnamed,
        blocked=found.blocked,
        freed=found.freed,
        changed=found.changed,
        names=[_name(each) for each in found.top],
    )


def _name(found: NameEffect) -> PreviewedName:
    told = found.difference
    return PreviewedName(
        name=found.name,
        name_unicode=in_unicode(found.name),
        types=[type_name(each) for each in found.types],
        becomes=told.becomes,
        queries=found.queries,
        before=_said(told.before, found.rule_before),
        after=_said(told.after, found.rule_after),
    )


def _said(said: Said, rule: str) -> WhatIsSaid:
    place = place_of(said.cause)
    if place["line"]:
        place["rule"] = rule
    return WhatIsSaid(**place, outcome=said.outcome.name.lower(), detail=said.detail, via=said.via)
