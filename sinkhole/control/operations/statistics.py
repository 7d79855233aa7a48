"""What was asked and what became of it, summed up."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from sinkhole.control.operations.house import House
from sinkhole.control.operations.nodes import meant_node
from sinkhole.control.operations.operation import Input, Output, operation
from sinkhole.control.operations.refusals import understood, with_log
from sinkhole.control.querylog.sought import moment
from sinkhole.control.stats.statistics import TOP
from sinkhole.model.actor import Actor, Permission

MOST_CLIENTS: Final = 1000
"""Clients that are told at once."""

Period = Literal["1h", "24h", "7d", "30d", "365d"]


class StatisticsInput(Input):
    """Which time to sum up."""

    period: Period = Field(default="24h", description="The last hour, day, week, month or year.")
    since: str | None = Field(
        default=None,
        max_length=40,
        description="In place of a period: from this moment on (ISO 8601, by the clock of the "
        "server where no time zone is given, or seconds since 1970), for 400 days at most.",
        examples=["2030-01-31T21:30:00Z", "1911936600"],
    )
    until: str | None = Field(
        default=None, max_length=40, description="Up to this moment; to now without it."
    )
    node: str = Field(
        default="",
        max_length=255,
        description="What this sinkhole answered, of those that share a database; all without it.",
        examples=["attic"],
    )
    clients: int = Field(
        default=TOP, ge=1, le=MOST_CLIENTS, description="How many clients to tell, the busiest."
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.since is not None and "period" in self.model_fields_set:
            raise ValueError("say either a period, or since when")
        if self.until is not None and self.since is None:
            raise ValueError("say since when as well")
        return self


class Totals(Output):
    """How many queries, and what became of them; all but `queries` add up to it."""

    queries: int
    blocked: int
    cached: int
    forwarded: int
    local: int
    failed: int
    refused: int


class Latency(Output):
    """Milliseconds from arrival to answer; null when nothing was asked."""

    p50: float | None
    p95: float | None
    p99: float | None


class Saved(Output):
    """What clients were spared of waiting by answers that were kept."""

    seconds: float = Field(description="All of it: answers of the cache, each by the difference.")
    upstream_ms: float = Field(
        description="What half of the queries took at most that were forwarded."
    )
    cache_ms: float = Field(description="What an answer of the cache took in the mean.")


class SeriesPoint(Output):
    """One step of a series."""

    time: int = Field(description="Its beginning, in seconds since 1970.")
    queries: int
    blocked: int
    cached: int


class NameCount(Output):
    """How often a name was asked for."""

    name: str = Field(examples=["xn--mnchen-3ya.example"])
    name_unicode: str = Field(description="As people read it.", examples=["münchen.example"])
    count: int


class ClientCount(Output):
    """How much a client asked: a device under all of its addresses, where its MAC is known."""

    client: str = Field(
        description="The address or id that it asked by most.", examples=["192.0.2.7"]
    )
    device: str = Field(description='Its MAC, "" where that is not known.')
    client_name: str = Field(description='What the settings call it, "" for one not known.')
    count: int
    blocked: int


class Count(Output):
    """How many queries for one of several: a list, a transport."""

    name: str
    count: int


class UpstreamCount(Count):
    """How often a server answered."""

    avg_ms: float = Field(description="How long that took in the mean.")


class Statistics(Output):
    """Everything about a time."""

    period: Period | Literal["span"] = Field(
        description="span: the time from `since` until `until`."
    )
    start: int = Field(description="When it begins, in seconds since 1970.")
    end: float = Field(description="When it ends: now, or `until`.")
    totals: Totals
    blocked_percent: float
    cached_percent: float
    latency_ms: Latency
    saved: Saved | None = Field(description="null where nothing tells what would have been.")
    step_s: int = Field(description="Seconds of one step of the series.")
    series: list[SeriesPoint]
    top_names: list[NameCount]
    top_blocked: list[NameCount]
    top_clients: list[ClientCount]
    top_lists: list[Count]
    upstreams: list[UpstreamCount]
    transports: list[Count]
    records_dropped: int = Field(
        description="Queries since the start that were not counted, as the disk was too slow."
    )


@operation("statistics.show", Permission.STATS_READ)
async def show(house: House, actor: Actor, given: StatisticsInput) -> Statistics:
    """Show totals, series and tops of a period up to now, or of a time between two moments.

    Tops are about whole hours. Beyond a day, names are counted by the 200 leading ones of each
    hour. Steps are no finer than what is kept: minutes for two days, else hours.
    """
    with understood("span_invalid"), with_log():
        since, until = (
            None if each is None else moment(each) for each in (given.since, given.until)
        )
        statistics = house.statistics().of_node(await meant_node(house, given.node))
        told = await statistics.summary(given.period, since, until, given.clients)
    names = {
        key: [{"name_unicode": each["name"], **each} for each in told[key]]
        for key in ("top_names", "top_blocked")
    }
    clients = [{"client_name": "", "device": "", **each} for each in told["top_clients"]]
    return Statistics.model_validate(
        {**told, **names, "top_clients": clients, "start": told["from"], "end": told["to"]}
    )
