"""Child processes that compile lists and count names, ended for certain when given up.

A million lines take seconds of pure CPU and a few hundred megabytes: in this process that would
stop DNS and stay in its memory for ever. A child lowers its own priority and bounds its own
memory (see `child`), is one of its kind at a time (the caller sees to it), and has limits on its
time and on what it may say. A thread starts it and hears it out, because starting a program may
wait for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Final, Literal

from sinkhole.model.errors import ListError, StorageError

COMPILE_LIMIT_S: Final = 300.0
COUNT_LIMIT_S: Final = 900.0
OUTPUT_LIMIT: Final = 4096
COUNTS_LIMIT: Final = 1 << 16
MEMORY_BASE: Final = 256 << 20
MEMORY_PER_BYTE: Final = 32
"""What a child may allocate, besides MEMORY_BASE, for each byte of the files it reads. Compiled,
lists of names take 6 to 8, those of very short names 16, and rules with modifiers up to 30; to
count takes next to nothing."""
COMPILER: Final = "sinkhole.dns.filter.compiled.compile"
COUNTER: Final = "sinkhole.control.lists.unique"
_CHILD: Final = "sinkhole.control.lists.child"


async def compile_list(
    list_name: str, source: Path, target: Path, kind: str, *, limit_s: float = COMPILE_LIMIT_S
) -> None:
    """Compile the list in `source` into the new file `target`, which holds the report too.

    Raises ListError with the compiler's own last words when it fails, and when it takes too
    long. On cancellation the child is killed and awaited.
    """
    room = await asyncio.to_thread(_room_for, [source])
    child = Child(room, COMPILER, str(source), str(target), "--kind", kind)
    try:
        status, told = await child.run("stderr", limit_s)
    except OSError as error:  # of which a TimeoutError is one
        if isinstance(error, TimeoutError):
            raise ListError(list_name, f"not compiled within {limit_s:g} s") from error
        raise ListError(list_name, f"the compiler can't be started: {error}") from error
    if status < 0:
        raise ListError(list_name, _end_in_words(status, room))
    if status != 0:
        why = _last_line(told).removeprefix(f"list {source.name!r}: ")
        raise ListError(list_name, why or f"the compiler ended with status {status}")


async def count_unique_names(compiled: Sequence[Path]) -> list[int]:
    """For each compiled list, how many of its names no other one has or covers.

    Raises StorageError when the child fails or takes too long, OSError when it can't be started.
    """
    child = Child(await asyncio.to_thread(_room_for, compiled), COUNTER, *map(str, compiled))
    try:
        status, told = await child.run("stdout", COUNT_LIMIT_S, COUNTS_LIMIT)
    except TimeoutError as error:
        raise StorageError(f"not done within {COUNT_LIMIT_S:g} s") from error
    if status != 0:
        raise StorageError(f"the child ended with status {status}")
    return [int(number) for number in told.split()]


class Child:
    """A module of Python to be run once, in a process of its own that may allocate `room` bytes."""

    def __init__(self, room: int, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-P", "-m", _CHILD, str(room), module, *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self._is_given_up = False

    async def run(
        self, heard: Literal["stdout", "stderr"], limit_s: float, most: int = OUTPUT_LIMIT
    ) -> tuple[int, bytes]:
        """Its exit status, and the last `most` bytes of what it wrote there.

        OSError when it can't be started, TimeoutError when it takes longer than `limit_s`. Whatever
        happens, the process and its pipe are gone afterwards.
        """
        work = asyncio.get_running_loop().run_in_executor(None, self._hear_out, heard, most)
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.shield(work)
        finally:
            self._give_up()
            await asyncio.wait([work])

    def _hear_out(self, heard: str, most: int) -> tuple[int, bytes]:
        if self._is_given_up:
            return -1, b""
        out, err = (PIPE, DEVNULL) if heard == "stdout" else (DEVNULL, PIPE)
        with subprocess.Popen(self._command, stdin=DEVNULL, stdout=out, stderr=err) as process:
            self._process = process
            if self._is_given_up:  # while it was being started
                process.kill()
            pipe = process.stdout or process.stderr
            assert pipe is not None  # one of them was asked for
            kept = b""
            while piece := os.read(pipe.fileno(), most):
                kept = (kept + piece)[-most:]
        return process.returncode, kept

    def _give_up(self) -> None:
        """Kill it if it still runs, and don't let it begin."""
        self._is_given_up = True
        if self._process is not None:
            self._process.kill()


def _room_for(files: Sequence[Path]) -> int:
    """The bytes that a child may allocate which reads these files."""
    size = 0
    for file in files:
        with contextlib.suppress(OSError):  # the child will say what is wrong with it
            size += file.stat().st_size
    return MEMORY_BASE + MEMORY_PER_BYTE * size


def _end_in_words(status: int, room: int) -> str:
    """What a signal may mean; the trie's library ends by one where Python has MemoryError."""
    name = signal.Signals(-status).name
    if -status == signal.SIGKILL:
        why = "the machine's memory ran out, or somebody ended it"
        return f"the compiler was ended by {name}: {why}"
    return (
        f"the compiler was ended by {name}, as happens when it needs more than {room >> 20} MiB "
        "of memory"
    )


def _last_line(told: bytes) -> str:
    lines = told.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
