"""How far it goes: millions of rules, many lists, and how soon an edited rule counts."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.lists import SEED, Lists, derive_names, write_names
from bench.load import ask
from bench.process import Cores, bound_to_us, clean_environment, memory_of
from bench.report import Finding
from bench.servers import BLOCKED_ADDRESS, Site
from bench.serving import (
    LIMIT_S,
    Bench,
    edit_rules,
    loaded_memory,
    p99_of,
    run_sinkhole,
    serving,
    site_of,
    wait_until_compiled,
)
from bench.speed import stub_resolver
from bench.workload import Workload

SIZES = (1_000_000, 5_000_000)
MAX_BYTES_A_NAME = 10.0

LISTS, NAMES_A_LIST = 30, 100_000
LIST_COUNTS = (1, 10, LISTS)
PROBES = 4_000
MAX_MATCH_US = 40.0

EDITS = 20
MAX_EDIT_MS = 200.0
MAX_EDIT_P99_MS = 5.0
_CALM_S = 0.5


def measure_scale(
    lists: Lists, mix: Workload, work: Path, tell: Callable[[str], None]
) -> list[Finding]:
    """All findings of this file; `mix` is what the servers are asked meanwhile."""
    names = derive_names(lists.names, max(SIZES))
    findings: list[Finding] = []
    with stub_resolver(work, Cores.of_this_machine().load) as stub_port:
        bench = Bench(work, stub_port, mix, tell)
        for size in SIZES:
            findings += _with_rules(bench, names[:size])
        files = _many_lists(bench, names[: SIZES[0]])
        findings += _matching(bench, files, names)
        findings += _editing(bench, Lists(files, tuple(names[: SIZES[0]])))
    return findings


def _with_rules(bench: Bench, names: list[str]) -> list[Finding]:
    """One list of so many rules: compiled, on the disk, in the server."""
    size = f"{len(names):,} rules"
    file = write_names([f"||{name}^" for name in names], bench.work / "lists" / "rules.txt")
    compiled = bench.work / "rules.compiled"
    bench.tell(f"compiling {size}")
    started = time.monotonic()
    run_sinkhole(["compile", str(file), "-o", str(compiled)])
    compile_s = time.monotonic() - started
    bytes_a_name = compiled.stat().st_size / len(names)
    site = site_of(bench, "rules", Lists((file,), tuple(names)))
    with serving(bench, site, names[-1]) as server:
        memory = loaded_memory(bench, site, server)
    return [
        Finding(f"`sinkhole compile`, {size}", f"{compile_s:.1f} s", "", None),
        Finding(f"compiled size, {size}", f"{bytes_a_name:.2f} bytes a name",
                f"≤ {MAX_BYTES_A_NAME:.0f} bytes a name", bytes_a_name <= MAX_BYTES_A_NAME),
        Finding(f"memory, {size}", f"{memory.rss / 1e6:.1f} MB RSS, {memory.pss / 1e6:.1f} MB PSS",
                "", None),
    ]  # fmt: skip


def _many_lists(bench: Bench, names: list[str]) -> tuple[Path, ...]:
    """Lists that overlap as published ones do: each a sample of the same names."""
    chance = random.Random(SEED)
    return tuple(
        write_names(
            [f"||{name}^" for name in chance.sample(names, NAMES_A_LIST)],
            bench.work / "lists" / f"list-{number:02}.txt",
        )
        for number in range(LISTS)
    )


def _matching(bench: Bench, files: tuple[Path, ...], names: list[str]) -> list[Finding]:
    """The first match of a name, which nothing remembers yet, by 1, 10 and 30 lists."""
    chance = random.Random(SEED)
    listed = [f"www.{name}" for name in chance.sample(names[: SIZES[0]], PROBES)]
    unlisted = [f"www.{name}" for name in chance.sample(names[SIZES[0] :], PROBES)]
    folder = bench.work / "matching"
    write_names(listed, folder / "listed.txt")
    write_names(unlisted, folder / "unlisted.txt")
    for file in files:
        run_sinkhole(["compile", str(file), "-o", str(folder / f"{file.stem}.compiled")])
    bench.tell(f"matching by {LISTS} lists")
    command = [sys.executable, "-m", "bench.matching", str(folder), *map(str, LIST_COUNTS)]
    done = subprocess.run(
        bound_to_us(command, Cores.of_this_machine().server), capture_output=True, text=True,
        timeout=LIMIT_S, check=False, env=clean_environment(),
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"bench.matching failed:\n{done.stderr}")
    findings = []
    for count, times_us in json.loads(done.stdout).items():
        target = f"≤ {MAX_MATCH_US:.0f} µs" if count == str(LISTS) else ""
        for what, time_us in times_us.items():
            findings.append(
                Finding(f"first match, {count} lists, {what}", f"{time_us:.1f} µs", target,
                        time_us <= MAX_MATCH_US if target else None)
            )  # fmt: skip
    return findings


def _editing(bench: Bench, lists: Lists) -> list[Finding]:
    """Rules written into the settings of a server with 30 lists, one after the other."""
    site = site_of(bench, "edited", lists)
    listed = lists.files[-1].read_text().split("\n", 1)[0][2:-1]
    with serving(bench, site, listed) as server:
        wait_until_compiled(server.pid)
        took_ms: list[float] = []
        p99 = p99_of(bench, site, lambda: took_ms.extend(_edit_rules(site, server.pid)))
        memory = memory_of(server.pid)
    edit_ms, slowest_ms = median(took_ms), max(took_ms)
    return [
        Finding(f"rule edited until it counts, {LISTS} lists",
                f"{edit_ms:.0f} ms (slowest of {EDITS}: {slowest_ms:.0f} ms)",
                f"≤ {MAX_EDIT_MS:.0f} ms", slowest_ms <= MAX_EDIT_MS),
        Finding("DNS p99 while rules are edited", f"{p99:.2f} ms",
                f"≤ {MAX_EDIT_P99_MS:.0f} ms", p99 <= MAX_EDIT_P99_MS),
        Finding(f"memory, {LISTS} lists of {NAMES_A_LIST:,} names",
                f"{memory.rss / 1e6:.1f} MB RSS" if memory else "ended", "", None),
    ]  # fmt: skip


def _edit_rules(site: Site, pid: int) -> list[float]:
    """Add a rule to the settings, tell the server, ask until it blocks; milliseconds each."""
    rules: list[str] = []
    took_ms = []
    for number in range(EDITS):
        name = f"edited-{number}.example.org"
        if ask(site.port, name) == BLOCKED_ADDRESS:
            raise SystemExit(f"{name} is blocked before there is a rule")
        rules.append(f"||{name}^")
        started = time.monotonic()
        edit_rules(site, pid, rules)
        while ask(site.port, name) != BLOCKED_ADDRESS:
            if time.monotonic() - started > LIMIT_S:
                raise SystemExit("an edited rule does not block")
            time.sleep(0.001)
        took_ms.append((time.monotonic() - started) * 1000)
        time.sleep(_CALM_S)
    return took_ms
