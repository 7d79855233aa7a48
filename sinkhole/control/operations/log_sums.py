"""The query log summed up: what one device did today, or any other rows that can be looked for."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.log import LogFilter, sought_by
from sinkhole.control.operations.operation import Output, operation
from sinkhole.control.operations.refusals import understood, with_log
from sinkhole.control.operations.statistics import Count, NameCount, SeriesPoint, Totals
from sinkhole.control.querylog.sought import Sought
from sinkhole.model.actor import Actor, Permission

DAY_S: Final = 86_400


class LogSumsWanted(LogFilter):
    """What rows are summed up: those of the last day, unless it is said since when."""

    step_s: int = Field(
        default=600, ge=60, le=30 * DAY_S, description="Seconds of one step of the series."
    )

    def sought(self) -> Sought:
        """The same as the log takes it; ValueError for what is not understood."""
        found = super().sought()
        if found.from_s is not None:
            return found
        now_s = time.time()
        end_s = now_s if found.to_s is None else min(found.to_s, now_s)
        return replace(found, from_s=end_s - DAY_S)


class LogSums(Output):
    """What rows come to, as far as the log has them."""

    start: int = Field(description="When the series begins, in seconds since 1970.")
    end: float = Field(description="When it ends.")
    totals: Totals
    step_s: int = Field(description="Seconds of one step of the series.")
    series: list[SeriesPoint]
    top_names: list[NameCount]
    top_blocked: list[NameCount]
    top_lists: list[Count]
    looked_back_to: float | None = Field(
        description="Down to which time all is in it, in seconds since 1970, where summing ended "
        "because it took too long; null otherwise."
    )


@operation("log.sum", Permission.LOG_READ)
async def sum_up(house: House, actor: Actor, given: LogSumsWanted) -> LogSums:
    """Sum up the queries that are found: totals, a series and tops, of a device for example."""
    history = house.query_log().history
    with understood("search_invalid"), with_log():
        told = await history.sums(await sought_by(house, given), given.step_s)
    for key in ("top_names", "top_blocked"):
        for each in told[key]:
            each.setdefault("name_unicode", each["name"])
    return LogSums.model_validate(told)
