"""What sinkhole holds in memory, how it compiles a million names, and what DNS feels of that."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.lists import Lists, derive_names, write_names
from bench.load import wait_for_answer
from bench.process import Cores, Memory, descendants, memory_of, settled_cpu_s
from bench.report import Finding
from bench.servers import BLOCKED_ADDRESS, Site
from bench.serving import LIMIT_S, Bench, loaded_memory, p99_of, run_sinkhole, serving, site_of
from bench.speed import stub_resolver
from bench.workload import Workload

HOME_NAMES, HOME_RSS_MB = 350_000, 90
MILLION, MILLION_RSS_MB = 1_000_000, 120
CHANGED_NAMES = 100_000
MAX_START_S = 1.0
MAX_COMPILE_S = 15.0
MAX_P99_MS = 5.0
MAX_UPDATE_CHANGE = 0.10

_CALM_S = 4
_SAMPLE_EVERY_S = 0.02


def measure_memory(
    lists: Lists, mix: Workload, work: Path, tell: Callable[[str], None]
) -> list[Finding]:
    """All findings of this file; `mix` is the load that the servers carry meanwhile."""
    cores = Cores.of_this_machine()
    with stub_resolver(work, cores.load) as stub_port:
        bench = Bench(work, stub_port, mix, tell)
        return [*_at_home(bench, lists), *_with_a_million(bench, lists)]


def _at_home(bench: Bench, lists: Lists) -> list[Finding]:
    """350 000 names: the published lists as they are, and a third that fills them up."""
    names = derive_names(lists.names, HOME_NAMES)
    known = lists.holding()
    filler = [name for name in names if name not in known]
    third = write_names(filler, bench.work / "lists" / "filler.txt")
    site = site_of(bench, "home", Lists((*lists.files, third), tuple(names)))
    with serving(bench, site, names[-1]) as server:
        return [_memory_finding(HOME_NAMES, loaded_memory(bench, site, server), HOME_RSS_MB)]


def _with_a_million(bench: Bench, lists: Lists) -> list[Finding]:
    """One list of a million lines, then the next edition of it with a tenth of the names new."""
    names = derive_names(lists.names, MILLION + CHANGED_NAMES)
    file = write_names(names[:MILLION], bench.work / "lists" / "million.txt")
    compile_s = _compile_s(bench, file)
    site = site_of(bench, "million", Lists((file,), tuple(names[:MILLION])))
    with serving(bench, site, names[MILLION - 1]):
        pass
    started = time.monotonic()
    with serving(bench, site, names[MILLION - 1]) as server:
        start_s = time.monotonic() - started
        before = loaded_memory(bench, site, server)
        calm_p99_ms = p99_of(bench, site, lambda: time.sleep(_CALM_S))
        next_edition = write_names(names[CHANGED_NAMES:], bench.work / "lists" / "next.txt")
        update = Update(server.pid, site, next_edition, file, names[-1])
        p99_ms = p99_of(bench, site, update.run)
        settled_cpu_s(server.pid)
        after = memory_of(server.pid) or before
    change = max(abs(seen.rss - before.rss) / before.rss for seen in (*update.server_memory, after))
    bench.tell(f"update: {update.took_s:.1f} s, child {update.child_s:.1f} s, p99 {p99_ms:.2f} ms")
    return [
        _memory_finding(MILLION, before, MILLION_RSS_MB),
        Finding("start, 1,000,000 names compiled already", f"{start_s:.2f} s",
                f"< {MAX_START_S:.0f} s", start_s < MAX_START_S),
        Finding("`sinkhole compile` of 1,000,000 lines", f"{compile_s:.1f} s",
                f"< {MAX_COMPILE_S:.0f} s", compile_s < MAX_COMPILE_S),
        Finding("compiling child while serving", f"{update.child_s:.1f} s, "
                f"{update.child_rss / 1e6:.0f} MB RSS at most",
                f"< {MAX_COMPILE_S:.0f} s", update.child_s < MAX_COMPILE_S),
        Finding("DNS p99 during the update", f"{p99_ms:.2f} ms (without: {calm_p99_ms:.2f} ms)",
                f"< {MAX_P99_MS:.0f} ms", p99_ms < MAX_P99_MS),
        Finding("RSS change by the update, at most", f"{change:.1%}",
                f"< {MAX_UPDATE_CHANGE:.0%}", change < MAX_UPDATE_CHANGE),
        Finding("update asked for until its last name is blocked", f"{update.took_s:.1f} s", "",
                None),
    ]  # fmt: skip


@dataclass
class Update:
    """One list update of a running server, watched from outside."""

    server_pid: int
    site: Site
    next_edition: Path
    file: Path
    new_name: str
    took_s: float = 0.0
    server_memory: list[Memory] = field(default_factory=list)
    child_rss: int = 0
    child_s: float = 0.0

    def run(self) -> None:
        """Put the next edition in place, ask for the update, wait until it blocks."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,))
        watcher.start()
        try:
            started = time.monotonic()
            os.replace(self.next_edition, self.file)
            self._ask_for_update()
            if not wait_for_answer(self.site.port, self.new_name, BLOCKED_ADDRESS, LIMIT_S):
                raise SystemExit("the updated list does not block")
            self.took_s = time.monotonic() - started
        finally:
            done.set()
            watcher.join()

    def _ask_for_update(self) -> None:
        """By the API, so that the server's own child compiles."""
        settings = json.loads((self.site.folder / "sinkhole.yaml").read_text())
        request = urllib.request.Request(
            f"http://{settings['web']['listen']}/api/lists/update",
            data=b"{}",
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=LIMIT_S) as response:
            response.read()

    def _watch(self, done: threading.Event) -> None:
        """Note the server's memory and its children's until `done`."""
        first_seen: dict[int, float] = {}
        while not done.wait(_SAMPLE_EVERY_S):
            if (memory := memory_of(self.server_pid)) is not None:
                self.server_memory.append(memory)
            for child in descendants(self.server_pid):
                lived_s = time.monotonic() - first_seen.setdefault(child, time.monotonic())
                self.child_s = max(self.child_s, lived_s)
                if (memory := memory_of(child)) is not None:
                    self.child_rss = max(self.child_rss, memory.rss)


def _memory_finding(names: int, memory: Memory, limit_mb: int) -> Finding:
    return Finding(
        f"memory with {names:,} listed names",
        f"{memory.rss / 1e6:.1f} MB RSS, {memory.pss / 1e6:.1f} MB PSS",
        f"< {limit_mb} MB RSS",
        memory.rss < limit_mb * 1e6,
    )


def _compile_s(bench: Bench, file: Path) -> float:
    bench.tell(f"compiling {file.name}")
    started = time.monotonic()
    run_sinkhole(["compile", str(file), "-o", str(bench.work / "million.compiled")])
    return time.monotonic() - started
