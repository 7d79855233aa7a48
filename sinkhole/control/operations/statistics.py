"""What was asked and what became of it, summed up."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Output, operation
from sinkhole.control.operations.refusals import with_log
from sinkhole.model.actor import Actor, Permission

Period = Literal["1h", "24h", "7d", "30d", "365d"]


class StatisticsInput(Input):
    """Which time to sum up."""

    period: Period = Field(default="24h", description="The last hour, day, week, month or year.")


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
    """How much a client asked."""

    client: str = Field(examples=["192.0.2.7"])
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
    """Everything about a period."""

    period: Period
    start: int = Field(description="When it begins, in seconds since 1970.")
    end: float = Field(description="When it ends: now.")
    totals: Totals
    blocked_percent: float
    cached_percent: float
    latency_ms: Latency
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
    """Show totals, series and tops of a period up to now.

    From a week on, names are counted by the 200 leading ones of each hour.
    """
    with with_log():
        told = await house.statistics().summary(given.period)
    names = {
        key: [{"name_unicode": each["name"], **each} for each in told[key]]
        for key in ("top_names", "top_blocked")
    }
    clients = [{"client_name": "", **each} for each in told["top_clients"]]
    return Statistics.model_validate(
        {**told, **names, "top_clients": clients, "start": told["from"], "end": told["to"]}
    )
