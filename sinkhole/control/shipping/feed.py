"""Reads records, and puts each into the queues of all targets, in the form that each wants.

It works in slices with pauses between them, so that DNS has most of the event loop however many
queries come. What it can't keep up with is dropped by its buffer, the oldest first.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.shipping.dnstap import Dnstap
from sinkhole.control.shipping.frame_streams import data_frame
from sinkhole.control.shipping.json_lines import JsonLines, Line
from sinkhole.control.shipping.outbox import Outbox
from sinkhole.control.shipping.syslog import Syslog
from sinkhole.model.record import Batch, RecordBuffer
from sinkhole.model.verdict import Cause

MOST_WAITING: Final = 20_000
"""Records that wait to be put into queues."""

ROUND_S: Final = 0.2
"""What comes is gathered for so long."""

SLICE_S: Final = 0.0005
"""The work of one turn of the event loop."""

BREATH_S: Final = 0.0015
"""The pause behind it: at most a quarter of the time goes into this."""

LOOK_EVERY: Final = 8
"""Records between two looks at the clock."""


class Wanted(NamedTuple):
    """The queues of all targets, by what they want: lines of JSON, syslog messages of one kind, and
    messages of dnstap."""

    lines: Sequence[Outbox] = ()
    syslog: Sequence[tuple[Syslog, Outbox]] = ()
    dnstap: Sequence[Outbox] = ()


class Feed:
    """Reads from `buffer`, which is given nothing while nothing is `wanted`."""

    def __init__(
        self,
        rule_text: Callable[[Cause], str],
        terms: LogTerms,
        identity: str,
        version: str,
    ) -> None:
        self.buffer = RecordBuffer(MOST_WAITING)
        self.wanted = Wanted()
        self._awake = asyncio.Event()
        self._ending = asyncio.Event()
        self.buffer.on_first = self._awake.set
        self._terms = terms
        self._rules = RuleTexts(rule_text)
        self._lines = JsonLines(self._rules, terms)
        self._dnstap = Dnstap(self._rules, terms, identity, version)
        self._slice_ends = 0.0

    def use(self, terms: LogTerms) -> None:
        """Go over to other terms, from the next record on."""
        self._terms = terms
        self._lines.use(terms)
        self._dnstap.use(terms)

    def lists_changed(self) -> None:
        """Read rule texts anew."""
        self._rules.forget()
        self._lines.forget()
        self._dnstap.forget()

    def stop(self) -> None:
        """Let `run` take what waits, and end."""
        self._ending.set()
        self._awake.set()

    async def run(self) -> None:
        """Read until `stop`."""
        while not self._ending.is_set():
            if not len(self.buffer):
                self._awake.clear()
                await self._awake.wait()
            with contextlib.suppress(TimeoutError):  # the usual end of a pause
                async with asyncio.timeout(ROUND_S):
                    await self._ending.wait()
            await self._take_all()
        await self._take_all()

    async def _take_all(self) -> None:
        self._lines.forget_askers()
        while batches := self.buffer.drain(1):
            for batch in batches:
                await self._take(batch)

    async def _take(self, batch: Batch) -> None:
        tells, wanted = self._terms.privacy.tells, self.wanted
        told = [(report, who) for report, who in batch.records if tells(report, who)]
        if not told:
            return
        await self._rules.learn({report for report, _ in told})
        self._begin(batch, wanted)
        for number, (report, who) in enumerate(told):
            if wanted.lines or wanted.syslog:
                self._put_line(self._lines.line(report, who), wanted)
            if wanted.dnstap:
                frame = data_frame(self._dnstap.message(report, who))
                for box in wanted.dnstap:
                    box.put(frame)
            if number % LOOK_EVERY == 0:
                await self._breathe()

    def _begin(self, batch: Batch, wanted: Wanted) -> None:
        self._lines.begin(batch)
        self._dnstap.begin(batch)
        for syslog, _ in wanted.syslog:
            syslog.begin(batch)

    def _put_line(self, line: Line, wanted: Wanted) -> None:
        if wanted.lines:
            data = f"{line.whole}\n".encode()
            for box in wanted.lines:
                box.put(data)
        for syslog, box in wanted.syslog:
            box.put(syslog.message(line))

    async def _breathe(self) -> None:
        """Let others have their turn where this one has lasted long enough."""
        if time.perf_counter() < self._slice_ends:
            return
        await asyncio.sleep(BREATH_S)
        self._slice_ends = time.perf_counter() + SLICE_S
