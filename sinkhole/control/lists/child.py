"""The program that child processes run first: it makes itself small, then becomes another one.

    python -m sinkhole.control.lists.child BYTES MODULE ARGUMENT…

lowers its priority, bounds its memory to BYTES, tells the kernel to end it before any other process
when memory runs out, and with the thread that started it, and runs MODULE. What a platform has no
means for is left out. It ends with 1 and a line on standard error when BYTES were too few.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import runpy
import signal
import sys
from pathlib import Path
from typing import Final

_END_FIRST: Final = b"1000"
"""For /proc/self/oom_score_adj (proc(5)): the most there is. Raising it needs no privilege."""

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)


def end_with_parent() -> None:
    """Have this process end when the thread ends that started it, even if that was killed.

    A compiler that outlived its server would go on writing into what the next one tidies up.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:  # only Linux has it
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def humble(most_bytes: int) -> None:
    """Make this process one that harms no other."""
    with contextlib.suppress(OSError):
        os.nice(10)
    with contextlib.suppress(OSError):  # only Linux has it
        Path("/proc/self/oom_score_adj").write_bytes(_END_FIRST)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it may end by a signal, see the caller
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        # What it allocates; RLIMIT_AS would count the lists that it maps, which are shared.
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def main(arguments: list[str]) -> int:
    """The program; returns its exit code, unless the module ends the process itself."""
    most_bytes, module = int(arguments[0]), arguments[1]
    end_with_parent()
    humble(most_bytes)
    sys.argv = [module, *arguments[2:]]
    with contextlib.suppress(MemoryError):  # and with it goes all that the module held
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0
    print(f"needs more than {most_bytes >> 20} MiB of memory", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
