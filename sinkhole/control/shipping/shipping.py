"""Copies of the query log as the rest of the program sees them: begun, changed, ended."""

from __future__ import annotations

import socket
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, get_args

from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.settings.shipping_schema import ShippingSettings
from sinkhole.control.settings.targets import Target
from sinkhole.control.shipping.carrier import Carrier
from sinkhole.control.shipping.datagrams import Datagrams
from sinkhole.control.shipping.destination import FLUSH_S, Destination
from sinkhole.control.shipping.feed import Feed, Wanted
from sinkhole.control.shipping.frame_stream import FrameStream
from sinkhole.control.shipping.lines_file import LinesFile
from sinkhole.control.shipping.outbox import Tally
from sinkhole.control.shipping.standard_output import StandardOutput
from sinkhole.control.shipping.stream import Stream
from sinkhole.control.shipping.syslog import MOST_DATAGRAM, MOST_MESSAGE, Syslog
from sinkhole.model.counted import counted
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer
from sinkhole.model.status import ShippingStatus
from sinkhole.model.tasks import Tasks
from sinkhole.model.verdict import Cause

Kind = Literal["file", "stdout", "syslog", "dnstap"]

MOST_TASKS: Final = 64
"""One for each target, and those that are ending."""

SHOWN_S: Final = 3600.0
"""For how long it is among the problems that queries were dropped."""


class Shipping:
    """All targets of the settings, fed by what comes through `records`; `start`, then `close`.

    `rule_text` is as of `QueryLog.open`. Relative paths lie in `data_dir`.
    """

    def __init__(
        self,
        settings: ShippingSettings,
        terms: LogTerms,
        records: RecordBuffer,
        *,
        data_dir: Path,
        version: str,
        rule_text: Callable[[Cause], str] = lambda cause: cause.rule,
        faults: Faults | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._records = records
        self._data_dir = data_dir
        self._host = socket.gethostname()
        self._feed = Feed(rule_text, terms, self._host, f"sinkhole {version}")
        self._tallies: defaultdict[Kind, Tally] = defaultdict(Tally)
        self._targets: dict[Kind, Destination] = {}
        self._reading = Tasks("shipping", 1, faults)
        self._sending = Tasks("shipping", MOST_TASKS, faults)
        self._clock = clock
        self._counted = 0
        self._noticed: dict[Kind, tuple[int, float]] = {}
        self._is_running = False

    def start(self) -> None:
        """Begin, within a running event loop."""
        self._is_running = True
        self._reading.keep("feed", self._feed.run)
        self._go_over(ShippingSettings(), self._settings)

    def use(self, settings: ShippingSettings, terms: LogTerms) -> None:
        """Go over to other settings and terms; what waits for a target that goes is sent for
        another second."""
        before, self._settings = self._settings, settings
        self._feed.use(terms)
        if self._is_running and settings != before:
            self._go_over(before, settings)

    def lists_changed(self) -> None:
        """As of `QueryLog`."""
        self._feed.lists_changed()

    async def close(self) -> None:
        """Send what waits, for three times FLUSH_S at most, and end."""
        self._records.also = None
        self._is_running = False
        self._feed.stop()
        await self._reading.close(FLUSH_S)
        for each in self._targets.values():
            each.end()
        await self._sending.close(2 * FLUSH_S)

    # ---- how it does -------------------------------------------------------------------------

    def status(self) -> list[ShippingStatus]:
        """Each target of the settings, from memory."""
        self._count_dropped()
        return [each.status() for each in self._targets.values()]

    @property
    def problems(self) -> list[str]:
        """What the person running sinkhole should know, a sentence each."""
        self._count_dropped()
        return [
            f"the query log is not shipped to {each.where}: {error}"
            for each in self._targets.values()
            if (error := each.backoff.error)
        ]

    @property
    def losses(self) -> list[str]:
        """That queries were dropped lately, a sentence for each target."""
        self._count_dropped()
        now, found = self._clock(), []
        for kind, each in self._targets.items():
            count, since = each.outbox.tally.dropped, self._noticed.get(kind, (0, 0.0))
            if count != since[0]:
                since = self._noticed[kind] = (count, now)
            if count and now - since[1] < SHOWN_S:
                queries = counted(count, "query was", "queries were")
                found.append(f"{queries} not shipped to {each.where}")
        return found

    def _count_dropped(self) -> None:
        """What was dropped before it came into any queue is missing in all of them."""
        more, self._counted = self._feed.buffer.dropped - self._counted, self._feed.buffer.dropped
        for each in self._targets.values():
            each.outbox.tally.dropped += more

    # ---- targets -----------------------------------------------------------------------------

    def _go_over(self, before: ShippingSettings, settings: ShippingSettings) -> None:
        self._count_dropped()
        for kind in get_args(Kind):
            if _of(kind, before) == _of(kind, settings):
                continue
            old = self._targets.pop(kind, None)
            if old is not None:
                old.end()
            if (made := self._carrier(kind, settings)) is not None:
                where, carrier = made
                target = Destination(kind, where, carrier, self._tallies[kind], old)
                self._targets[kind] = target
                self._sending.keep(kind, target.run)
        self._feed.wanted = self._wanted(settings)
        self._records.also = self._feed.buffer if self._targets else None
        if not self._targets:
            self._feed.lists_changed()  # nothing need be remembered

    def _carrier(self, kind: Kind, settings: ShippingSettings) -> tuple[str, Carrier] | None:
        """What people call a target, and what sends to it; None for what is not wanted."""
        if kind == "file" and settings.file is not None:
            path = self._data_dir / settings.file
            return str(path), LinesFile(path, settings.file_size, settings.files_kept)
        if kind == "stdout" and settings.stdout:
            return "standard output", StandardOutput()
        if kind == "syslog" and (where := settings.syslog) is not None:
            return str(where), Stream(where) if where.scheme == "tcp" else Datagrams(where)
        if kind == "dnstap" and (where := settings.dnstap) is not None:
            return str(where), FrameStream(where)
        return None

    def _wanted(self, settings: ShippingSettings) -> Wanted:
        boxes = {kind: each.outbox for kind, each in self._targets.items()}
        where = settings.syslog
        return Wanted(
            [boxes[kind] for kind in ("file", "stdout") if kind in boxes],
            [(self._syslog(settings, where), boxes["syslog"])] if where is not None else [],
            [boxes["dnstap"]] if "dnstap" in boxes else [],
        )

    def _syslog(self, settings: ShippingSettings, where: Target) -> Syslog:
        return Syslog(
            settings.syslog_facility,
            self._host,
            most=MOST_DATAGRAM if where.scheme == "udp" else MOST_MESSAGE,
            has_length=where.scheme == "tcp",
        )


def _of(kind: Kind, settings: ShippingSettings) -> tuple[object, ...]:
    """The settings of one target."""
    if kind == "file":
        return settings.file, settings.file_size, settings.files_kept
    if kind == "syslog":
        return settings.syslog, settings.syslog_facility
    return (settings.stdout,) if kind == "stdout" else (settings.dnstap,)
