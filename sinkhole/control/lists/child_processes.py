"""Child processes that compile lists and count names, ended for certain when given up.

A million lines take seconds of pure CPU and a few hundred megabytes: in this process that would
stop DNS and stay in its memory for ever. A child lowers its own priority, is one of its kind at
a time (the caller sees to it), and has limits on its time and on what it may say.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sinkhole.model.errors import ListError, StorageError

COMPILE_LIMIT_S: Final = 300.0
COUNT_LIMIT_S: Final = 900.0
OUTPUT_LIMIT: Final = 4096
COMPILER: Final = "sinkhole.dns.filter.compiled.compile"
COUNTER: Final = "sinkhole.control.lists.unique"


async def compile_list(
    list_name: str, source: Path, target: Path, kind: str, *, limit_s: float = COMPILE_LIMIT_S
) -> None:
    """Compile the list in `source` into the new file `target`, which holds the report too.

    Raises ListError with the compiler's own last words when it fails, and when it takes too
    long. On cancellation the child is killed and awaited.
    """
    try:
        child = await asyncio.create_subprocess_exec(
            *_python(COMPILER, str(source), str(target), "--kind", kind),
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
    if status != 0:
        why = complaint.removeprefix(f"list {source.name!r}: ")
        raise ListError(list_name, why or f"the compiler ended with status {status}")


async def count_unique_names(compiled: Sequence[Path]) -> list[int]:
    """For each compiled list, how many of its names no other one has or covers.

    Raises StorageError when the child fails or takes too long, OSError when it can't be started.
    """
    child = await asyncio.create_subprocess_exec(
        *_python(COUNTER, *map(str, compiled)), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
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


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", module, *arguments]


async def _last_words(child: Process) -> str:
    """The last line the child writes on standard error until it closes that; bounded memory."""
    assert child.stderr is not None  # we asked for the pipe
    kept = b""
    while piece := await child.stderr.read(OUTPUT_LIMIT):
        kept = (kept + piece)[-OUTPUT_LIMIT:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
