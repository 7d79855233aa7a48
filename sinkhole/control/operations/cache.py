"""The answers that are remembered: how many, about what, and forgetting them."""

from __future__ import annotations

from pydantic import Field

from sinkhole.control.operations.answers import DnsRecord, RulePlace
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import understood
from sinkhole.model.actor import Actor, Permission

MOST_ENTRIES = 200


class Prefetching(Output):
    """Answers asked for again before they expire."""

    enabled: bool
    asked: int
    failed: int
    saved: int = Field(description="Given when the one before would have expired.")
    underway: int
    pauses: bool = Field(description="Whether it waits, because upstreams fail.")


class CacheInfo(Output):
    """How full the cache is, and how much it answers."""

    entries: int
    size_bytes: int
    limit_bytes: int
    evicted: int = Field(description="Answers that had to go for want of room, since the start.")
    queries: int = Field(description="Queries since the start.")
    hits: int = Field(description="Those of them that were answered by the cache.")
    hits_percent: float
    stale: int = Field(description="Hits that were expired answers, as no upstream answered.")
    prefetch: Prefetching


class CacheName(Input):
    """A name, or all below it as well."""

    name: str = Field(min_length=1, max_length=1010, examples=["www.example.org"])
    below: bool = Field(default=False, description="Names below it as well.")


class CacheSearch(CacheName):
    """Which names to look up."""

    limit: int = Field(default=100, ge=1, le=MOST_ENTRIES, description="The most entries told.")


class CachedAnswer(RulePlace):
    """What is kept for a question; the rule is the one that refused it."""

    name: str
    type: str = Field(examples=["A"])
    dnssec: bool = Field(description="Kept for who asks for signatures (DO).")
    unchecked: bool = Field(description="Kept for who asks for unchecked answers (CD).")
    for_everybody: bool = Field(description="False where it is for some clients only.")
    state: str = Field(
        description="fresh, aged, expired, stale, refused, failure or made here.",
        examples=["fresh"],
    )
    outdated: bool = Field(description="Whether rules or settings changed since: judged again.")
    ttl_s: int | None = Field(description="Seconds left; null while it lasts until a change.")
    outcome: str
    rcode: str
    records: list[DnsRecord]


class CachedAnswers(Output):
    """What is kept, in the order of names."""

    entries: list[CachedAnswer]


class Flushed(Output):
    """How much was forgotten."""

    entries: int


@operation("cache.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> CacheInfo:
    """Show how full the cache is, and how much it answers."""
    status, outcomes = house.status(), house.counters.outcomes
    queries, stale = house.counters.queries, outcomes["stale"]
    hits = outcomes["cached"] + stale
    return CacheInfo(
        **status["cache"],
        evicted=status["losses"]["answers_evicted"],
        queries=queries,
        hits=hits,
        hits_percent=round(100 * hits / queries, 1) if queries else 0.0,
        stale=stale,
        prefetch=Prefetching.model_validate(status["prefetch"]),
    )


@operation("cache.look_up", Permission.LOG_READ)
async def look_up(house: House, actor: Actor, given: CacheSearch) -> CachedAnswers:
    """Show what is kept about a name, or about all names below it as well."""
    with understood("question_invalid"):
        found = await house.cache.look_up(given.name, given.limit, below=given.below)
    return CachedAnswers(
        entries=[
            CachedAnswer.model_validate({**each, "dnssec": each["do"], "unchecked": each["cd"]})
            for each in found
        ]
    )


@operation("cache.flush", Permission.CACHE_WRITE, changes=True)
async def flush(house: House, actor: Actor, given: Nothing) -> Flushed:
    """Forget every answer; each name is asked for again when somebody wants it."""
    return Flushed(entries=await house.cache.flush(None, below=False))


@operation("cache.flush_name", Permission.CACHE_WRITE, changes=True)
async def flush_name(house: House, actor: Actor, given: CacheName) -> Flushed:
    """Forget the answers about a name, or about all names below it as well."""
    with understood("question_invalid"):
        return Flushed(entries=await house.cache.flush(given.name, below=given.below))
