"""What the settings want of the query log, as one value that may be exchanged at any time."""

from __future__ import annotations

from dataclasses import dataclass, field

from sinkhole.control.querylog.privacy import Privacy, wire_names
from sinkhole.control.settings.schema import QueryLogSettings, StatsSettings
from sinkhole.model.record import ClientName

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class LogTerms:
    """Whether rows are written, what of, and for how long they and the roll-ups stay."""

    enabled: bool = True
    keep_s: float = 90 * DAY_S
    max_size_bytes: int = 2 << 30
    keep_statistics_s: float = 365 * DAY_S
    answers: bool = True
    privacy: Privacy = field(default_factory=Privacy)


def terms_of(log: QueryLogSettings, statistics: StatsSettings, client_name: ClientName) -> LogTerms:
    """The terms that some settings make; `client_name` is what an address or id is called."""
    ignored = log.ignore_clients
    return LogTerms(
        log.enabled,
        log.keep,
        log.max_size,
        statistics.keep,
        log.answers,
        Privacy(
            log.privacy,
            tuple(each for each in ignored if not isinstance(each, str)),
            frozenset(each for each in ignored if isinstance(each, str)),
            wire_names(log.ignore_names),
            log.ignore_in_statistics,
            client_name,
        ),
    )
