"""Child processes of the bench: pinned to a core, measured through /proc, never left behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_STOP_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Cores:
    """Which core serves and which one loads; the same one on a machine that has no second."""

    server: int
    load: int

    @classmethod
    def of_this_machine(cls) -> Cores:
        """The first and the last core this process may use."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(allowed[0], allowed[-1])


@contextlib.contextmanager
def running(command: list[str], log: Path, core: int | None) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` while the block runs, its output in `log`, on `core` alone if one is given.

    The kernel ends it when the bench dies in whatever way (PR_SET_PDEATHSIG, by setpriv).
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            bound_to_us(command, core), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=clean_environment(),
        )  # fmt: skip
    try:
        yield child
    finally:
        stop(child)


def bound_to_us(command: list[str], core: int | None) -> list[str]:
    """The command that runs `command` on `core` and ends with this process."""
    pinned = [] if core is None else ["taskset", "--cpu-list", str(core)]
    return ["setpriv", "--pdeathsig", "KILL", *pinned, *command]


def clean_environment() -> dict[str, str]:
    """The environment without settings for sinkhole, which would change what is measured."""
    return {key: value for key, value in os.environ.items() if not key.startswith("SINKHOLE")}


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a child: asked first, forced after ten seconds."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far: all threads, its children, and children that have ended."""
    ticks = 0
    for member in (pid, *descendants(pid)):
        fields = _stat(member)
        if fields:
            ticks += sum(int(field) for field in fields[11:15])  # utime stime cutime cstime
    return ticks / TICKS_PER_S


def own_cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, without its children; 0 if it has ended."""
    return sum(int(field) for field in _stat(pid)[11:13]) / TICKS_PER_S


def settled_cpu_s(pid: int, limit_s: float = 15.0) -> float:
    """CPU seconds once the process is calm, so that work it put off (a log) is counted too."""
    deadline = time.monotonic() + limit_s
    before = cpu_s(pid)
    while time.monotonic() < deadline:
        time.sleep(1.2)  # longer than the second in which a log batch must be written
        now = cpu_s(pid)
        if now - before <= 2 / TICKS_PER_S:
            return now
        before = now
    return before


def descendants(pid: int) -> list[int]:
    """The children of a process, their children, and so on, at this moment."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


@dataclass(frozen=True)
class Memory:
    """What a process holds in memory, in bytes; PSS counts a shared page by its sharers."""

    rss: int
    pss: int


def memory_of(pid: int) -> Memory | None:
    """The memory of one process without its children; None if it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    sizes = {
        words[0]: int(words[1]) * 1024
        for words in map(str.split, text.splitlines()[1:])
        if words[0] in ("Rss:", "Pss:")
    }
    return Memory(sizes["Rss:"], sizes["Pss:"]) if sizes else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third (state) on; none if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
