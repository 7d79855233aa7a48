"""An explanation: who decides what about a question, why, and what would change it.

One object for the page, the API, the commands and scripts, in JSON's types. `docs/api.md` says
what the keys mean; where a type allows None, there is nothing to say.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Place(TypedDict):
    """A rule by its list, its line and its text; the text is "" until it is read from the disk."""

    list: str | None
    line: int | None
    rule: str | None


class RecordText(TypedDict):
    """A record as zone files write it."""

    name: str
    type: str
    ttl: int
    data: str


class ReplyText(TypedDict):
    """What a reply says: the name of its rcode, and its answers."""

    rcode: str
    records: list[RecordText]


class RewriteText(TypedDict):
    """What a rule answers instead: rcode, data of the records, and their type."""

    rcode: str
    answers: list[str]
    type: str


class Decision(Place):
    """What rules, or the names of the house, decide about a name: block, allow, rewrite, none."""

    name: str
    type: str
    verdict: str
    rewrite: RewriteText | None


class RuleOpinion(Place):
    """What one matching rule says, and whether it decides or why it does not."""

    kind: str
    allowed: bool
    important: bool
    rewrite: RewriteText | None
    builtin: bool
    decides: bool
    note: str


class RuleDecision(Decision):
    """What rules alone decide, with every opinion on it, in the order of the lists."""

    opinions: list[RuleOpinion]


class Asker(TypedDict):
    """Who asks, as the rules know it; `known_by` is what it was recognised by: id, address, mac,
    host or network."""

    address: str
    name: str
    known_by: str
    tags: list[str]
    traits: list[str]
    may_ask: bool


class LayerSaid(TypedDict):
    """What a group or a client says, by keys of the settings; `schedule` is the open one that it is
    said for, else ""."""

    kind: str
    name: str
    schedule: str
    says: dict[str, Any]


class PauseFelt(TypedDict):
    """A pause that a client feels; `left_s` is None: until it is resumed."""

    scope: str
    name: str
    by: str
    left_s: float | None


class Applied(TypedDict):
    """What applies to a client at a moment, in seconds since 1970, and why: layers, later ones over
    earlier ones; `open` are the schedules that concern it and are, others `until` a moment, None:
    they stay so. `time_zone` is that of the household, "" the machine's."""

    at: float
    time_zone: str
    group: str
    layers: list[LayerSaid]
    open: list[str]
    until: float | None
    pauses: list[PauseFelt]


class ForOthers(Place):
    """What the same question comes to for other clients, of whom those of the settings are named;
    none are: for everybody whom the settings do not know."""

    clients: list[str]
    group: str
    outcome: str
    detail: str


class StageSaid(TypedDict):
    """What a stage of the pipeline says, whether it decides, and whether it is reached."""

    stage: str
    says: str
    decides: bool
    reached: bool


class CacheEntry(Place, ReplyText):
    """What is kept for one combination of DO and CD."""

    do: bool
    cd: bool
    state: str
    outdated: bool
    negative: bool
    ttl_s: int | None
    outcome: str
    hop: str | None
    detail: str


class KeptAnswer(CacheEntry):
    """What is kept for a question; `for_everybody` unless rules or upstreams tell its clients from
    others."""

    name: str
    type: str
    for_everybody: bool


class Resolved(Place, ReplyText):
    """What a client that asks is answered, and who decided it; `outcome` is as in the log.

    `rule` is "" where its text is on the disk. `extended_errors` are code and text of each.
    """

    name: str
    type: str
    client: str
    outcome: str
    allowed: bool
    hop: str
    upstream: str
    detail: str
    duration_ms: float
    extended_errors: list[tuple[int, str]]


class Lead(Place):
    """Something that an answer leads to, and the rule or protection that speaks against it."""

    what: str
    value: str
    refused: bool
    note: str


class Change(TypedDict):
    """One change that would make a difference.

    `effect` is "allow", "block", "serve" (be answered at all) or "forward" (ask an upstream
    instead of answering here). `change` is "add", "remove" or "set", or "none" where only `note`
    says something; `where` is a key of the settings, with the name of the item that it is in, as
    "groups[kids].rules"; `items` are the rules, the names or the value. `command` makes the change,
    where a group or client says it and commands may change it, else "".
    """

    effect: str
    change: str
    where: str
    items: list[str]
    note: str
    command: str


class QuestionExplained(RuleDecision):
    """Everything about a question that the policy and the cache tell."""

    client: Asker
    group: str
    stages: list[StageSaid]
    outcome: str
    detail: str
    hop: str | None
    decided_by: Place
    asks: str | None
    via: str | None
    subnet: str | None
    answer: ReplyText | None
    cache: list[CacheEntry] | None
    heard: bool
    leads_to: list[Lead]
    changes: list[Change]


class ListBrief(TypedDict):
    """How a list stands, as far as it matters for an explanation."""

    name: str
    state: str
    names: int


Source = TypedDict("Source", {"from": str})
"""Who explained: "server", "settings" (without a server) or "files" (lists alone)."""


class RulesExplained(RuleDecision, Source):
    """What list files alone decide, without settings or server."""


class Explanation(QuestionExplained, Source):
    """The explanation of a question, with where its lists are and how each stands.

    `no_server` is why the running server was not the one who explained, where that was tried.
    """

    data_dir: str
    lists: list[ListBrief]
    applies: Applied
    others: list[ForOthers]
    no_server: NotRequired[str]
