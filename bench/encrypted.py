"""What clients of the encrypted listeners cost: a query, an idle connection, handshakes."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import dnslib

from bench.lists import Lists
from bench.load import free_port, run_load, wait_for_answer
from bench.process import (
    Cores,
    bound_to_us,
    clean_environment,
    memory_of,
    running,
    settled_cpu_s,
)
from bench.report import Finding
from bench.servers import (
    BLOCKED_ADDRESS,
    STUB_ADDRESS,
    Site,
    how_to_install,
    program,
    sinkhole_with,
)
from bench.serving import LIMIT_S, Bench, p99_of, site_of
from bench.speed import stub_resolver
from bench.upstreams import make_certificate
from bench.workload import Workload

MAX_TLS_US, MAX_HTTPS_US = 35.0, 300.0
MAX_IDLE_KB = 60.0
HANDSHAKES_A_SECOND, MAX_HANDSHAKES_P99_MS = 200, 20.0

_CONNECTIONS = 10
"""With ten queries underway on each: as many as by UDP in the other parts."""
_IDLE = 60
_CALM_S = 5
_H2LOAD_SUCCEEDED = re.compile(r"^requests: .* (\d+) succeeded", re.MULTILINE)


@dataclass(frozen=True)
class Listeners:
    """A sinkhole that is up, with its encrypted ports."""

    site: Site
    pid: int
    tls_port: int
    https_port: int


def measure_encrypted(
    lists: Lists, mix: Workload, queries: int, rounds: int, work: Path, tell: Callable[[str], None]
) -> list[Finding]:
    """All findings of this file; `mix` is asked, about so many queries a run."""
    cores = Cores.of_this_machine()
    with stub_resolver(work, cores.load) as stub_port:
        bench = Bench(work, stub_port, mix, tell)
        with _serving(bench, lists, cores.server) as listeners:
            found = [*_query_costs(bench, listeners, queries, rounds)]
        with _serving(bench, lists, None) as listeners:
            return [*found, _idle_cost(listeners), *_handshakes(bench, listeners)]


@contextlib.contextmanager
def _serving(bench: Bench, lists: Lists, core: int | None) -> Iterator[Listeners]:
    site, tls_port, https_port = site_of(bench, "encrypted", lists), free_port(), free_port()
    certificate, key, _ = make_certificate(bench.work / "certificate")
    dns = {
        "listen": [f"127.0.0.1:{site.port}"],
        "tls": [f"127.0.0.1:{tls_port}"],
        "https": [f"127.0.0.1:{https_port}"],
        "http3": False,
        "certificate": str(certificate.resolve()),
        "certificate_key": str(key.resolve()),
        "rate_limit": 0,
    }
    command = sinkhole_with(site, {"query_log": {"enabled": True}, "dns": dns})
    log = site.folder / "output.txt"
    with running(command, log, core) as child:
        if not wait_for_answer(site.port, lists.names[-1], BLOCKED_ADDRESS, LIMIT_S):
            raise SystemExit(f"sinkhole does not block; its output:\n{log.read_text()[-2000:]}")
        yield Listeners(site, child.pid, tls_port, https_port)


# -- a query ---------------------------------------------------------------------------------


def _query_costs(
    bench: Bench, listeners: Listeners, queries: int, rounds: int
) -> Iterator[Finding]:
    """CPU time of known names by UDP, by TLS and by HTTPS, in turn in each round."""
    core = Cores.of_this_machine().load
    passes = max(1, queries // bench.mix.lines)
    by_https = _HttpsLoad(bench, listeners, core)
    run_load(listeners.site.port, bench.mix.file, 1, core)
    loads: dict[str, Callable[[], int]] = {
        "UDP": partial(_dnsperf, bench, listeners.site.port, passes, core),
        "DoT": partial(_dnsperf, bench, listeners.tls_port, passes, core, "-m", "dot"),
    }
    if by_https.is_there:
        loads["DoH"] = partial(by_https.run, queries)
    used: dict[str, list[float]] = {name: [] for name in loads}
    for number in range(rounds):
        for name, load in loads.items():
            before = settled_cpu_s(listeners.pid)
            answered = load()
            used_s = settled_cpu_s(listeners.pid) - before
            used[name].append(used_s * 1e6 / max(answered, 1))
            bench.tell(f"listeners {number + 1}/{rounds}  {name}  {used[name][-1]:6.2f} µs/query")
    udp_us = median(used["UDP"])
    for name, limit in (("DoT", MAX_TLS_US), ("DoH", MAX_HTTPS_US)):
        if name in used:
            cpu_us = median(used[name])
            yield Finding(
                f"listener: a known name by {name}", f"{cpu_us:.1f} µs (UDP: {udp_us:.1f} µs)",
                f"≤ {limit:.0f} µs", cpu_us <= limit,
            )  # fmt: skip


def _dnsperf(bench: Bench, port: int, passes: int, core: int, *more: str) -> int:
    load = run_load(port, bench.mix.file, passes, core, "-c", str(_CONNECTIONS), *more)
    if load.lost > load.sent // 1000:
        raise SystemExit(f"{load.lost} of {load.sent} queries were lost")
    return load.answered


class _HttpsLoad:
    """h2load with the queries of the mix; dnsperf loses answers that arrive together."""

    def __init__(self, bench: Bench, listeners: Listeners, core: int) -> None:
        self.is_there = program("h2load") is not None
        self._file, self._core = bench.work / "uris.txt", core
        if not self.is_there:
            bench.tell(f"{how_to_install('h2load')}; HTTPS is left out")
        lines = dict.fromkeys(bench.mix.file.read_text().splitlines()[:20_000])
        base = f"https://127.0.0.1:{listeners.https_port}/dns-query?dns="
        self._file.write_text("".join(f"{base}{_as_parameter(line)}\n" for line in lines))

    def run(self, queries: int) -> int:
        """Ask so many times, ten at once on each of ten connections; how many were answered."""
        command = ["h2load", "-n", str(queries), "-c", str(_CONNECTIONS), "-m", "10"]
        done = subprocess.run(
            bound_to_us([*command, "-i", str(self._file)], self._core),
            capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        succeeded = _H2LOAD_SUCCEEDED.search(done.stdout)
        if succeeded is None or int(succeeded[1]) < queries:
            raise SystemExit(f"h2load failed:\n{done.stdout}{done.stderr}")
        return queries


def _as_parameter(line: str) -> str:
    """A line of the mix as RFC 8484 §4.1.1 has it: id 0, base64url without padding."""
    record = dnslib.DNSRecord.question(*line.split())
    record.header.id = 0
    return base64.urlsafe_b64encode(record.pack()).decode().rstrip("=")


# -- a connection ----------------------------------------------------------------------------


def _idle_cost(listeners: Listeners) -> Finding:
    """What the server's memory grows by with connections that were asked once and then rest."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.ExitStack() as first:  # what the first one takes is for all of them
        _hold(first, listeners.tls_port, context, 1)
    settled_cpu_s(listeners.pid)
    before = memory_of(listeners.pid)
    with contextlib.ExitStack() as held:
        _hold(held, listeners.tls_port, context, _IDLE)
        settled_cpu_s(listeners.pid)
        after = memory_of(listeners.pid)
    if before is None or after is None:
        raise SystemExit("sinkhole ended with idle connections")
    each_kb = (after.rss - before.rss) / _IDLE / 1000
    return Finding(
        "memory of an idle TLS connection", f"{each_kb:.1f} kB RSS (of {_IDLE} at once)",
        f"≤ {MAX_IDLE_KB:.0f} kB", each_kb <= MAX_IDLE_KB,
    )  # fmt: skip


def _hold(stack: contextlib.ExitStack, port: int, context: ssl.SSLContext, count: int) -> None:
    """Open connections, ten from an address, and have one question answered on each."""
    query = dnslib.DNSRecord.question("example.org").pack()
    for number in range(count):
        source = (f"127.0.2.{1 + number // 10}", 0)
        plain = socket.create_connection(("127.0.0.1", port), LIMIT_S, source)
        client = stack.enter_context(context.wrap_socket(plain))
        client.sendall(len(query).to_bytes(2, "big") + query)
        if STUB_ADDRESS not in str(dnslib.DNSRecord.parse(_message(client))):
            raise SystemExit("a TLS connection does not answer as it should")


def _message(client: ssl.SSLSocket) -> bytes:
    with client.makefile("rb") as reader:
        return reader.read(int.from_bytes(reader.read(2), "big"))


# -- handshakes ------------------------------------------------------------------------------


def _handshakes(bench: Bench, listeners: Listeners) -> Iterator[Finding]:
    """The latency of known names by UDP, alone and while handshakes come in."""
    calm_ms = p99_of(bench, listeners.site, lambda: time.sleep(_CALM_S))
    finished: list[int] = []
    p99_ms = p99_of(bench, listeners.site, lambda: finished.append(_shake_hands(listeners)))
    asked = HANDSHAKES_A_SECOND * _CALM_S
    yield Finding(
        f"p99 by UDP while {HANDSHAKES_A_SECOND} TLS handshakes a second arrive",
        f"{p99_ms:.2f} ms (without: {calm_ms:.2f} ms; {finished[0]} of {asked} were finished)",
        f"≤ {MAX_HANDSHAKES_P99_MS:.0f} ms", p99_ms <= MAX_HANDSHAKES_P99_MS,
    )  # fmt: skip


def _shake_hands(listeners: Listeners) -> int:
    command = [sys.executable, "-m", "bench.handshakes", str(listeners.tls_port)]
    done = subprocess.run(
        bound_to_us([*command, str(HANDSHAKES_A_SECOND), str(_CALM_S)], None),
        capture_output=True, text=True, timeout=LIMIT_S, check=True, env=clean_environment(),
    )  # fmt: skip
    return int(done.stdout)
