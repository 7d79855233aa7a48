"""A sinkhole that serves while something about it is measured: started, loaded, listened to.

Nothing is pinned unless a core is given: server, compiling child and prober share the machine as
they would at home.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench.lists import Lists
from bench.load import free_port, latencies_ms, latency_command, run_load, wait_for_answer
from bench.process import (
    Cores,
    Memory,
    bound_to_us,
    clean_environment,
    descendants,
    memory_of,
    running,
    settled_cpu_s,
    stop,
)
from bench.servers import BLOCKED_ADDRESS, Site, sinkhole_program, sinkhole_with
from bench.workload import Workload

LIMIT_S = 180.0
PROBE_QPS = 500
_CALM_S = 2.0


@dataclass(frozen=True)
class Bench:
    """What every measurement here needs."""

    work: Path
    stub_port: int
    mix: Workload
    tell: Callable[[str], None]


def site_of(bench: Bench, name: str, lists: Lists) -> Site:
    """An empty place for a sinkhole with these lists."""
    folder = bench.work / name
    shutil.rmtree(folder, ignore_errors=True)
    return Site(folder, free_port(), bench.stub_port, lists)


@contextlib.contextmanager
def serving(
    bench: Bench,
    site: Site,
    listed: str,
    sections: Mapping[str, object] | None = None,
    core: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A sinkhole that blocks `listed` already, while the block runs; as shipped, but for these
    `sections` of its settings."""
    log = site.folder / "output.txt"
    command = sinkhole_with(site, {"query_log": {"enabled": True}, **(sections or {})})
    with running(command, log, core) as server:
        if not wait_for_answer(site.port, listed, BLOCKED_ADDRESS, LIMIT_S):
            raise SystemExit(f"sinkhole does not block; its output:\n{log.read_text()[-2000:]}")
        bench.tell(f"{site.folder.name}: {len(site.lists.names):,} names loaded")
        yield server


def wait_until_compiled(pid: int) -> None:
    """Until the server has no compiling child; between two lists there is none for a moment."""
    calm_since = time.monotonic()
    while time.monotonic() - calm_since < _CALM_S:
        if descendants(pid):
            calm_since = time.monotonic()
        time.sleep(0.02)


def loaded_memory(bench: Bench, site: Site, server: subprocess.Popen[bytes]) -> Memory:
    """The memory of the server after the whole mix went through it, so with a filled cache."""
    run_load(site.port, bench.mix.file, 1, Cores.of_this_machine().load)
    settled_cpu_s(server.pid)
    memory = memory_of(server.pid)
    if memory is None:
        raise SystemExit("sinkhole ended under load")
    return memory


def edit_rules(site: Site, pid: int, rules: list[str]) -> None:
    """Have the settings file say these own rules, as an editor would, and tell the server."""
    file = site.folder / "sinkhole.yaml"
    settings = json.loads(file.read_text())
    settings["filtering"]["rules"] = rules
    aside = file.with_suffix(".new")
    aside.write_text(json.dumps(settings))
    os.replace(aside, file)
    os.kill(pid, signal.SIGHUP)


def run_sinkhole(arguments: list[str]) -> None:
    """Run a command of sinkhole to its end; what it says if it fails ends the bench."""
    done = subprocess.run(
        bound_to_us([sinkhole_program(), *arguments], None), capture_output=True, text=True,
        timeout=LIMIT_S, check=False, env=clean_environment(),
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"sinkhole {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def p99_of(bench: Bench, site: Site, work: Callable[[], None], source: str = "") -> float:
    """The 99th percentile of the latency that a calm client sees while `work` runs; `source` is the
    address it asks from."""
    return quantiles(latencies_of(bench, site, work, source), n=100)[98]


def latencies_of(
    bench: Bench, site: Site, work: Callable[[], None], source: str = ""
) -> list[float]:
    """The milliseconds of each query of a calm client while `work` runs."""
    output = site.folder / "latency.txt"
    command = latency_command(site.port, bench.mix.file, PROBE_QPS, int(LIMIT_S), source)
    with output.open("wb") as written:
        prober = subprocess.Popen(command, stdout=written, stderr=subprocess.DEVNULL)
        try:
            work()
        finally:
            prober.send_signal(signal.SIGINT)  # dnsperf ends by this, with its output whole
            with contextlib.suppress(subprocess.TimeoutExpired):
                prober.wait(10)
            stop(prober)
    return latencies_ms(output.read_text())
