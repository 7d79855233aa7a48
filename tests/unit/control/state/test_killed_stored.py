"""`kill -9` in the middle of changes: what was committed is there, whole, and nothing else is."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

from sinkhole.control.state.state import State

ROUNDS: Final = 6
COMMITS: Final = (1, 2, 7)
"""After how many of its changes a process is killed, in turn; another is underway then."""

CHILD: Final = """
import asyncio, sys
from pathlib import Path
from sinkhole.control.state.state import State
from sinkhole.control.state.stored import StoredChange
from sinkhole.model.actor import SERVER

async def main():
    state = await State.open(Path(sys.argv[1]))
    while True:
        number = state.stored.number + 1
        keys = [(f"key {each}", "") for each in range(5)]
        changes = [StoredChange(key, number - 1 or None, number) for key in keys]
        print(await state.stored.commit(changes, SERVER, f"change {number}"), flush=True)

asyncio.run(main())
"""


async def test_committed_revisions_outlive_their_process(tmp_path: Path) -> None:
    told = 0
    for at in range(ROUNDS):
        told = await told_until_killed(tmp_path, COMMITS[at % len(COMMITS)])
        with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        state = await State.open(tmp_path)
        try:
            number = state.stored.number
            assert number >= told and state.problems == []
            values = state.stored.values()
            assert values == {(f"key {each}", ""): number for each in range(5)}
            newest = (await state.stored.revisions(1))[0]
            assert (newest.number, newest.note) == (number, f"change {number}")
            assert {each.after for each in newest.changes} == {number}
        finally:
            await state.close()
    assert told >= sum(COMMITS)


async def told_until_killed(folder: Path, commits: int) -> int:
    """Let a process store revisions, kill it, and return the last of which it said that it is."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    told = 0
    try:
        async with asyncio.timeout(60):
            for _ in range(commits):
                told = int(await child.stdout.readline())
    finally:
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
        await child.wait()
    lines = rest.split(b"\n")[:-1]
    return int(lines[-1]) if lines else told
