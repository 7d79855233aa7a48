"""Child processes that compile lists and count names, ended for certain when given up.

A million lines take seconds of pure CPU and a few hundred megabytes: in this process that would
stop DNS and stay in its memory for ever. A child lowers its own priority and bounds its own
memory (see `child`), is one of its kind at a time (the caller sees to it), and has limits on its
time and on what it may say.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sinkhole.model.errors import ListError, StorageError

COMPILE_LIMIT_S: Final = 300.0
COUNT_LIMIT_S: Final = 900.0
OUTPUT_LIMIT: Final = 4096
MEMORY_BASE: Final = 256 << 20
MEMORY_PER_BYTE: Final = 20
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
    try:
        child = await asyncio.create_subprocess_exec(
            *_python(room, COMPILER, str(source), str(target), "--kind", kind),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
        )
    except OSError as error:
        raise ListError(list_name, f"the compiler can't be started: {error}") from error
    try:
        async with asyncio.timeout(limit_s):
            complaint = await _last_words(child)
            status = await child.wait()
    except TimeoutError as error:
        raise ListError(list_name, f"not compiled within {limit_s:g} s") from error
    finally:
        await end(child)
    if status < 0:
        raise ListError(list_name, _end_in_words(status, room))
    if status != 0:
        why = complaint.removeprefix(f"list {source.name!r}: ")
        raise ListError(list_name, why or f"the compiler ended with status {status}")


async def count_unique_names(compiled: Sequence[Path]) -> list[int]:
    """For each compiled list, how many of its names no other one has or covers.

    Raises StorageError when the child fails or takes too long, OSError when it can't be started.
    """
    room = await asyncio.to_thread(_room_for, compiled)
    child = await asyncio.create_subprocess_exec(
        *_python(room, COUNTER, *map(str, compiled)),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        async with asyncio.timeout(COUNT_LIMIT_S):
            told, _ = await child.communicate()
    except TimeoutError as error:
        raise StorageError(f"not done within {COUNT_LIMIT_S:g} s") from error
    finally:
        await end(child)
    if child.returncode != 0:
        raise StorageError(f"the child ended with status {child.returncode}")
    return [int(number) for number in told.split()]


async def end(child: Process) -> None:
    """Kill a child that still runs, and wait until it and its pipes are gone.

    Pipes that outlived the event loop would be complained about when they are collected.
    """
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):  # it ended this moment
            child.kill()
        await child.communicate()


def _python(room: int, module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", _CHILD, str(room), module, *arguments]


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
        return f"the compiler was ended by {name}, as happens when the machine's memory runs out"
    return (
        f"the compiler was ended by {name}, as happens when it needs more than {room >> 20} MiB "
        "of memory"
    )


async def _last_words(child: Process) -> str:
    """The last line the child writes on standard error until it closes that; bounded memory."""
    assert child.stderr is not None  # we asked for the pipe
    kept = b""
    while piece := await child.stderr.read(OUTPUT_LIMIT):
        kept = (kept + piece)[-OUTPUT_LIMIT:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
