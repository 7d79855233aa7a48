"""Settings of the answer cache: how much is kept and for how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from sinkhole.control.settings.fields import Section, byte_count, conflict, flag, time_span
from sinkhole.control.settings.units import Duration, Size


class CacheSettings(Section):
    """What is remembered of the answers that upstreams gave."""

    size: Annotated[Size, byte_count("1MiB", "4GiB")] = Size.parse("32MiB")
    min_ttl: Annotated[Duration, time_span("0s", "1d")] = Duration.parse("0s")
    """Answers are kept at least this long, even where their own TTL is shorter."""
    max_ttl: Annotated[Duration, time_span("0s", "7d")] = Field(
        default=Duration.parse("1d"), validate_default=True
    )
    max_negative_ttl: Annotated[Duration, time_span("0s", "1d")] = Duration.parse("1h")
    """The same limit for "there is no such name" (RFC 2308)."""
    serve_stale: Annotated[Duration, time_span("0s", "7d")] = Duration.parse("1d")
    """How long expired answers may stand in while no upstream answers (RFC 8767); 0 is off."""
    persist: Annotated[bool, flag()] = True
    """Keep the cache over a restart, in `data_dir`."""

    @field_validator("max_ttl", mode="after")
    @classmethod
    def _not_below_min_ttl(cls, max_ttl: Duration, info: ValidationInfo) -> Duration:
        min_ttl = info.data.get("min_ttl", Duration(0))
        if min_ttl > max_ttl:
            raise conflict(f"{min_ttl} is more than max_ttl, which is {max_ttl}", "min_ttl")
        return max_ttl
