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

import pytest
from log_kit import a_log, until

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
            print(repr(time.time()), flush=True)
            await asyncio.sleep(0.002)

asyncio.run(main())
"""


@pytest.mark.parametrize("lifetime_s", [1.3, 2.1])
async def test_a_killed_writer_loses_a_second_and_leaves_the_database_intact(
    tmp_path: Path, lifetime_s: float
) -> None:
    path = tmp_path / "querylog.db"
    last_s = await logged_until_killed(path, lifetime_s)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT count(*) FROM query").fetchone()[0]
        assert connection.execute("SELECT sum(count) FROM total").fetchone()[0] == rows
        assert connection.execute("SELECT sum(count) FROM by_name").fetchone()[0] == rows
        assert connection.execute("SELECT value FROM meta WHERE key = 'rows'").fetchone()[0] == rows
    async with a_log(path) as kit:
        assert kit.log.problem is None
        newest = (await kit.log.history.page(limit=1))["queries"][0]
        # Generous for a machine that is busy with other tests: the bound itself is one second.
        assert newest["time"] > last_s - 2.0
        assert len(await kit.all_rows()) == rows


async def logged_until_killed(path: Path, lifetime_s: float) -> float:
    """Let a process log for a while, kill it, and return the time of the last row it had."""
    code = CHILD.format(folder=os.path.dirname(__file__))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    first_s = last_s = 0.0
    try:
        async with asyncio.timeout(60):
            while not first_s or last_s < first_s + lifetime_s:
                last_s = float(await child.stdout.readline())
                first_s = first_s or last_s
    finally:
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
        await child.wait()
    lines = rest.split(b"\n")[:-1]
    assert last_s <= time.time()
    return float(lines[-1]) if lines else last_s


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
