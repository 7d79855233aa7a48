"""Settings of the statistics, which are kept apart from the query log."""

from __future__ import annotations

from typing import Annotated

from sinkhole.control.settings.fields import Section, time_span
from sinkhole.control.settings.units import Duration


class StatsSettings(Section):
    """Hourly sums; small enough to outlive the log by years."""

    keep: Annotated[Duration, time_span("1d", "3650d")] = Duration.parse("365d")
