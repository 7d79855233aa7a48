"""Settings of the query log: whether it is kept, for how long, and how big it may grow."""

from __future__ import annotations

from typing import Annotated

from sinkhole.control.settings.fields import Section, byte_count, flag, time_span
from sinkhole.control.settings.units import Duration, Size


class QueryLogSettings(Section):
    """One row a query, in `data_dir`; the oldest go first when either limit is reached."""

    enabled: Annotated[bool, flag()] = True
    keep: Annotated[Duration, time_span("1h", "3650d")] = Duration.parse("90d")
    max_size: Annotated[Size, byte_count("1MiB", "1TiB")] = Size.parse("2GiB")
