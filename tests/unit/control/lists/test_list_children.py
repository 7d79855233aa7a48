"""Child processes are ended with all that belongs to them."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

from sinkhole.control.lists.children import end

WRITES_ON = "import sys\nwhile True: sys.stdout.write('x' * 1000)"


async def test_a_child_that_writes_without_end_is_ended_with_its_pipe() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITES_ON, stdout=PIPE)
    assert child.stdout is not None
    await child.stdout.read(1)
    await end(child)
    assert child.returncode == -9
    assert child.stdout.at_eof()


async def test_a_child_that_has_ended_is_left_as_it_is() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(3)")
    await child.wait()
    await end(child)
    assert child.returncode == 3
