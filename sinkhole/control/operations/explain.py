"""Who decides what about a name, why, and what would change it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sinkhole.control.operations.answers import DnsRecord, Reply, Rewrite, RulePlace
from sinkhole.control.operations.asker import address_of
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Output, operation
from sinkhole.control.operations.refusals import refusal, understood
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import UpstreamError


class Question(Input):
    """A question, and who asks it."""

    name: str = Field(min_length=1, max_length=1010, examples=["ads.example.org"])
    type: str = Field(default="A", min_length=1, max_length=20, examples=["A", "AAAA", "HTTPS"])
    client: str = Field(
        default="",
        max_length=200,
        description="An address, or the name or id of a client of the settings; this machine "
        "without one.",
        examples=["192.0.2.7", "Kids tablet"],
    )


class ExplainInput(Question):
    """What to explain."""

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
    tags: list[str]
    traits: list[str] = Field(description="What rules ask about clients that holds for it.")
    may_ask: bool


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
    where: str = Field(description="A key of the settings.")
    items: list[str]
    note: str


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
    client = address_of(house, given.client)
    with understood("question_invalid"):
        try:
            told = await explainer.explain(given.name, given.type, client, ask=given.ask)
        except UpstreamError as error:
            raise refusal("unavailable", "upstreams_silent", str(error)) from error
    return Explained.model_validate(told)
