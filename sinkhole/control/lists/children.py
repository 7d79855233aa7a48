"""Child processes that compile and count, ended for certain when their work is given up."""

from __future__ import annotations

import contextlib
from asyncio.subprocess import Process


async def end(child: Process) -> None:
    """Kill a child that still runs, and wait until it and its pipes are gone.

    Pipes that outlived the event loop would be complained about when they are collected.
    """
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):  # it ended this moment
            child.kill()
        await child.communicate()
