"""Compiling a list in a child process.

A million lines take seconds of pure CPU and a few hundred megabytes: in this process that would
stop DNS and stay in its memory for ever. The child lowers its own priority, is one at a time (the
caller sees to it), and has limits on its time and on what it may say.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Final

from sinkhole.control.lists.children import end
from sinkhole.model.errors import ListError

TIME_LIMIT_S: Final = 300.0
OUTPUT_LIMIT: Final = 4096
MODULE: Final = "sinkhole.dns.filter.compiled.compile"


async def compile_list(
    list_name: str, source: Path, target: Path, kind: str, *, time_limit_s: float = TIME_LIMIT_S
) -> None:
    """Compile the list in `source` into the new file `target`, which holds the report too.

    Raises ListError with the compiler's own last words when it fails, and when it takes too
    long. On cancellation the child is killed and awaited.
    """
    command = [sys.executable, "-P", "-m", MODULE, str(source), str(target), "--kind", kind]
    try:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
        )
    except OSError as error:
        raise ListError(list_name, f"the compiler can't be started: {error}") from error
    try:
        async with asyncio.timeout(time_limit_s):
            complaint = await _last_words(child)
            status = await child.wait()
    except TimeoutError as error:
        raise ListError(list_name, f"not compiled within {time_limit_s:g} s") from error
    finally:
        await end(child)
    if status != 0:
        why = complaint.removeprefix(f"list {source.name!r}: ")
        raise ListError(list_name, why or f"the compiler ended with status {status}")


async def _last_words(child: Process) -> str:
    """The last line the child writes on standard error until it closes that; bounded memory."""
    assert child.stderr is not None  # we asked for the pipe
    kept = b""
    while piece := await child.stderr.read(OUTPUT_LIMIT):
        kept = (kept + piece)[-OUTPUT_LIMIT:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
