"""Who decides what about a name, why, and what would change it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sinkhole.control.explain.whom import NobodyMeant
from sinkhole.control.operations.answers import DnsRecord, Reply, Rewrite, RulePlace
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Output, operation
from sinkhole.control.operations.refusals import refusal, understood
from sinkhole.control.state.pauses import PauseScope
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import UpstreamError


class Question(Input):
    """A question, and who asks it."""

    name: str = Field(min_length=1, max_length=1010, examples=["ads.example.org"])
    type: str = Field(default="A", min_length=1, max_length=20, examples=["A", "AAAA", "HTTPS"])
    client: str = Field(
        default="",
        max_length=200,
        description="An address; the name, id, MAC or host of a client of the settings; or the MAC "
        "or a name of a device that asked lately. This machine without one.",
        examples=["192.0.2.7", "Kids tablet"],
    )


class ExplainInput(Question):
    """What to explain."""

    at: str = Field(
        default="",
        max_length=40,
        description="A moment to come: a time of the day, or of a day of the week, or ISO 8601, by "
        "the clock of the household; now without it.",
        examples=["21:30", "fri 21:30", "2030-01-31T21:30"],
    )
    also: str = Field(
        default="",
        max_length=200,
        description="Another client, called as `client`, to tell what it is for that; for all "
        "others without it.",
    )
    ask: bool = Field(
        default=False,
        description="Ask an upstream, where one would be asked, to tell where the answer leads.",
    )


class Opinion(RulePlace):
    """What one rule that matches says, and why it does not decide."""

    kind: str = Field(description="Kind of its list: block or allow.")
    allowed: bool
    important: bool
    rewrite: Rewrite | None
    builtin: bool
    decides: bool
    note: str


class Asker(Output):
    """Who asks, as the rules know it."""

    address: str
    name: str
    known_by: Literal["id", "address", "mac", "host", "network", ""] = Field(
        description="By what it was recognised as a client of the settings."
    )
    tags: list[str]
    traits: list[str] = Field(description="What rules ask about clients that holds for it.")
    may_ask: bool


class Layer(Output):
    """What a group or a client says."""

    kind: Literal["group", "client"]
    name: str
    schedule: str = Field(description="The open schedule that it is said for, if it is for one.")
    says: dict[str, Any] = Field(description="By keys of the settings.")


class FeltPause(Output):
    """A pause that the client feels."""

    scope: PauseScope
    name: str
    by: str
    left_s: float | None = Field(description="null: until somebody resumes it.")


class WhatApplies(Output):
    """What applies to the client at the moment, and why."""

    at: float = Field(description="The moment, in seconds since 1970.")
    time_zone: str = Field(description="Of the household; empty: this machine's.")
    group: str
    layers: list[Layer] = Field(description="Later ones win, field by field; rules add up.")
    open: list[str] = Field(description="Open schedules that the client or its group goes by.")
    until: float | None = Field(description="When others of these are open; null: never.")
    pauses: list[FeltPause]


class OtherClients(RulePlace):
    """What the same question comes to for others."""

    clients: list[str] = Field(description="Those of the settings, none for everybody else.")
    group: str
    outcome: str
    detail: str


class Stage(Output):
    """What a stage says to the question; the first with a say decides."""

    stage: str
    says: str
    decides: bool
    reached: bool


class Kept(RulePlace):
    """What the cache holds for the question."""

    do: bool
    cd: bool
    state: str
    outdated: bool
    negative: bool
    ttl_s: int | None
    outcome: str
    hop: str | None
    detail: str
    rcode: str
    records: list[DnsRecord]


class Lead(RulePlace):
    """Something that the answer leads to, and who speaks against it."""

    what: str
    value: str
    refused: bool
    note: str


class WhatWouldChange(Output):
    """One change that would make a difference."""

    effect: Literal["allow", "block", "serve", "forward"]
    change: Literal["add", "remove", "set", "none"]
    where: str = Field(
        description="A key of the settings, with the name of the item that it is in.",
        examples=["filtering.rules", "groups[kids].rules"],
    )
    items: list[str]
    note: str
    command: str = Field(
        default="",
        description='What makes this change of a group or client; "" for others, and where the '
        "settings file holds it.",
    )


class ListBrief(Output):
    """How a list stands."""

    name: str
    state: str
    names: int


class Explained(RulePlace):
    """Everything about a question."""

    name: str
    type: str
    verdict: Literal["block", "allow", "rewrite", "none"] = Field(
        description="What rules, or names of the house, decide."
    )
    rewrite: Rewrite | None
    outcome: str = Field(description="What would become of the query, as the log says it.")
    detail: str
    hop: str | None = Field(description="What in the answer decided: a name or an address.")
    decided_by: RulePlace
    asks: str | None = Field(description="The name that an upstream is asked for.")
    via: str | None = Field(description='The upstream set that is asked; "" is the usual one.')
    subnet: str | None
    answer: Reply | None
    opinions: list[Opinion]
    client: Asker
    group: str
    applies: WhatApplies
    others: list[OtherClients] = Field(description="For whom it is told apart, those alike as one.")
    stages: list[Stage]
    cache: list[Kept] | None
    heard: bool = Field(description="Whether an upstream was asked just now.")
    leads_to: list[Lead]
    changes: list[WhatWouldChange]
    lists: list[ListBrief]


@operation("explain.question", Permission.LOG_READ)
async def explain(house: House, actor: Actor, given: ExplainInput) -> Explained:
    """Explain who decides what about a name, why, and what would change it."""
    explainer = house.explainer()
    with understood("question_invalid"):
        try:
            told = await explainer.explain(
                given.name, given.type, given.client, ask=given.ask, at=given.at, also=given.also
            )
        except NobodyMeant as error:
            raise refusal("invalid", "client_unknown", str(error)) from error
        except UpstreamError as error:
            raise refusal("unavailable", "upstreams_silent", str(error)) from error
    return Explained.model_validate(told)
