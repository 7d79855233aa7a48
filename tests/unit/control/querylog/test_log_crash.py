"""`kill -9` loses the last second of rows at most, and never the database."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from log_kit import a_log, until

BATCH_ROWS = 21
CHILD = """
import asyncio, sys, time
from pathlib import Path
sys.path.insert(0, {folder!r})
from log_kit import a_log, batch, blocked, report

async def main():
    known = [report(f"host{{number}}.example.org") for number in range(200)]
    number = 0
    async with a_log(Path(sys.argv[1])) as kit:
        while True:
            number += 1
            kit.buffer.append(batch([*known[number % 150:][:20], report(f"new{{number}}.example")]))
            print(repr(time.time()), kit.log.status()["rows"], flush=True)
            await asyncio.sleep(0.002)

asyncio.run(main())
"""


@pytest.mark.parametrize("lifetime_s", [1.3, 2.1])
async def test_a_killed_writer_loses_a_second_and_leaves_the_database_intact(
    tmp_path: Path, lifetime_s: float
) -> None:
    path = tmp_path / "querylog.db"
    killed = await logged_until_killed(path, lifetime_s)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT count(*) FROM query").fetchone()[0]
        assert connection.execute("SELECT sum(count) FROM total").fetchone()[0] == rows
        assert connection.execute("SELECT sum(count) FROM by_name").fetchone()[0] == rows
        assert connection.execute("SELECT value FROM meta WHERE key = 'rows'").fetchone()[0] == rows
    assert rows >= killed.rows
    async with a_log(path) as kit:
        assert kit.log.problem is None
        newest = (await kit.log.history.page(limit=1))["queries"][0]
        # Generous for a machine that is busy with other tests: the bound itself is one second, and
        # no machine is bound to write in that time.
        assert newest["time"] > killed.at_s - max(2.0, 2 * killed.lag_s)
        assert len(await kit.all_rows()) == rows


class Killed(NamedTuple):
    """A process that logged: when it had its last row, how many rows it said were written by then,
    and how far that was behind at most."""

    at_s: float
    rows: int
    lag_s: float


def killed_after(lines: list[bytes]) -> Killed:
    """What a process was like that said this."""
    told = [(float(at), int(rows)) for at, rows in map(bytes.split, lines)]
    begun = [at for at, _ in told]
    lag_s = max(at - begun[min(rows // BATCH_ROWS, len(told) - 1)] for at, rows in told)
    return Killed(begun[-1], told[-1][1], lag_s)


async def logged_until_killed(path: Path, lifetime_s: float) -> Killed:
    """Let a process log for a while, and until some of it is written; then kill it."""
    code = CHILD.format(folder=os.path.dirname(__file__))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    lines: list[bytes] = []
    try:
        async with asyncio.timeout(60):
            while True:
                lines.append(await child.stdout.readline())
                so_far = killed_after([lines[0], lines[-1]])
                if so_far.rows and so_far.at_s >= float(lines[0].split()[0]) + lifetime_s:
                    break
    finally:
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
        await child.wait()
    killed = killed_after(lines + rest.split(b"\n")[:-1])
    assert killed.at_s <= time.time()
    return killed


DELETING = """
import asyncio, sys, time
from pathlib import Path
sys.path.insert(0, {folder!r})
from log_kit import a_log, batch, report
from sinkhole.control.querylog import pace
from sinkhole.control.querylog.deletion import Deletions

pace.FIRST = pace.LEAST = pace.MOST = 1
step = Deletions.step

async def told(self, database, forget):
    more = await step(self, database, forget)
    if self._futures:
        print("a slice", flush=True)
    return more

Deletions.step = told

async def main():
    now = time.time()
    async with a_log(Path(sys.argv[1])) as kit:
        for hour in range(30):
            for name, client in (("shared", 1), ("shared", 66), (f"secret{{hour}}", 66)):
                asked = report(name + ".example.org")
                kit.buffer.append(batch([asked], f"192.0.2.{{client}}", now - hour * 3600))
        await kit.written(90)
        await kit.log.delete_client("192.0.2.66")

asyncio.run(main())
"""


@pytest.mark.parametrize("slices", [1, 10, 40, 66])
async def test_a_deletion_that_was_killed_is_whole_after_the_next_start(
    tmp_path: Path, slices: int
) -> None:
    path = tmp_path / "querylog.db"
    code = DELETING.format(folder=os.path.dirname(__file__))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(60):
            for _ in range(slices):
                assert await child.stdout.readline() == b"a slice\n"
    finally:
        child.send_signal(signal.SIGKILL)
        await child.wait()
    async with a_log(path) as kit:
        assert kit.log.problem is None
        await until(lambda: not kit.log._writer.upkeep.is_busy)
        rows = await kit.all_rows()
        assert len(rows) == 30 and {row["client"] for row in rows} == {"192.0.2.1"}
        assert len(await kit.all_rows(client="192.0.2.1", name="shared")) == 30
    data = path.read_bytes()
    assert b"secret" not in data and b"192.0.2.66" not in data
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM deletion").fetchone()[0] == 0
        assert connection.execute("SELECT sum(count) FROM by_name").fetchone()[0] == 30
