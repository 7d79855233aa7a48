"""One sinkhole of several, but for its DNS: `python -m bench.shared_node FILE URL NODE RATE`.

It logs so many queries a second into its file and shares them, until its standard input ends. Then
it waits until all is sent, and prints what it had to do.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import Final

from bench.shared_rows import NAMES
from sinkhole.control.postgres.shared_log import SharedLog
from sinkhole.control.querylog import LogTerms, QueryLog
from sinkhole.control.stats import Counters, Rollups
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, RecordBuffer, Report, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict

BEAT_S: Final = 0.02
KNOWN: Final = 5_000
"""Names that are asked for again and again; each seventh query is for one that was not yet."""

DAY_S: Final = 86_400.0


async def main(path: Path, url: str, node: str, rate: int) -> None:
    """Log and share until nobody wants more."""
    buffer = RecordBuffer()
    log = await QueryLog.open(
        path,
        buffer,
        LogTerms(max_size_bytes=8 << 30, keep_s=90 * DAY_S),
        rollups=Rollups(365 * DAY_S),
        counters=Counters(),
    )
    shared = SharedLog(url, node, log)
    sharing = asyncio.ensure_future(shared.run())
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    asked, cpu_s = await _ask(buffer, node, rate, ended), time.process_time()
    # Nobody tells that nothing waits any more.
    while len(buffer) or log.outbox.waiting_rows or log.earlier.is_underway:  # noqa: ASYNC110  # so
        await asyncio.sleep(0.2)
    print(asked, log.dropped, log.outbox.lost, f"{cpu_s / max(asked, 1) * 1e6:.1f}", flush=True)
    shared.stop()
    await sharing
    await log.close()


async def _ask(buffer: RecordBuffer, node: str, rate: int, ended: asyncio.Future[str]) -> int:
    """Put records into the buffer as listeners would; how many."""
    chance = random.Random(node)
    known = [_report(chance, number) for number in range(KNOWN)]
    clients = [Who(f"192.0.2.{number}", "", "default") for number in range(120)]
    began, count = time.monotonic(), 0
    while not ended.done():
        await asyncio.sleep(BEAT_S)
        missing = round((time.monotonic() - began) * rate) - count
        records = [
            (
                _report(chance, chance.randrange(NAMES)) if number % 7 == 0
                else known[int(KNOWN * chance.random() ** 3)],
                clients[chance.randrange(len(clients))],
            )
            for number in range(missing)
        ]  # fmt: skip
        if records:
            buffer.append(Batch(time.time(), chance.randrange(20, 30_000), records, "udp"))
        count += len(records)
    return count


def _report(chance: random.Random, number: int) -> Report:
    verdict = Verdict(Outcome.FORWARDED, upstream="192.0.2.53:53")
    if number % 4 == 0:
        verdict = Verdict(Outcome.BLOCKED, cause=Cause("Ads", number % 300, "||ads^"))
    name = from_text(f"n{number}.site-{number % 977}.example.org")
    return Report(name, chance.choice((1, 28)), 0, verdict)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
