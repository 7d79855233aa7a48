"""The page over a query log of ten million rows: weight, first paint, data, what is done on it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from bench import browser
from bench.lists import Lists
from bench.load import free_port
from bench.page_log import ROWS, data_folder
from bench.process import running
from bench.report import Finding
from bench.servers import Site, sinkhole_with

ROUNDS: Final = 5
MAX_PAINT_MS, MAX_DATA_MS, MAX_SCRIPTS = 250.0, 200.0, 90_000
LIVE_ROWS_S: Final = 500
LIVE_S: Final = 10.0
START_S: Final = 60.0
CHROMIUM: Final = Path(browser.CHROMIUM)
ADDRESSES: Final = (
    "/statistics?period=1h", "/statistics", "/statistics?period=7d", "/statistics?period=30d",
    "/statistics?period=365d", "/log/search", "/status", "/lists", "/upstreams", "/cache",
    "/devices", "/settings",
)  # fmt: skip
"""What the pages ask for; the log by POST."""


def measure_page(work: Path, tell: Callable[[str], None]) -> tuple[list[Finding], str]:
    """Whether the page is as quick as it is meant to be, and the table of all."""
    data = data_folder(work, tell)
    load = os.getloadavg()[0]
    with _serving(work / "page", data) as (url, port):
        tell("page: addresses")
        addresses = {path: _asked_ms(url, path) for path in ADDRESSES}
        tell("page: first visits")
        visits = [asyncio.run(browser.first_visit(url)) for _ in range(ROUNDS)]
        tell("page: each page")
        pages = [asyncio.run(browser.data_of_pages(url)) for _ in range(ROUNDS)]
        acts = asyncio.run(browser.acts_on_log(url, ROUNDS))
        tell("page: the live log")
        still, _ = asyncio.run(browser.frames_of_log(url, LIVE_S))
        with _queries(port, LIVE_ROWS_S):
            live, shown = asyncio.run(browser.frames_of_log(url, LIVE_S))
    data_ms = {"overview": [each.data_ms for each in visits]}
    for found in pages:
        for name, (_, took) in found.items():
            data_ms.setdefault(name, []).append(took)
    findings = [
        _finding("first paint", [each.painted_ms for each in visits], MAX_PAINT_MS),
        *(_finding(f"data of {name}", took, MAX_DATA_MS) for name, took in data_ms.items()),
        *(_finding(f"log: {what}", took, MAX_DATA_MS) for what, took in acts.items()),
        *(_finding(f"GET {path}", took, MAX_DATA_MS) for path, took in addresses.items()),
        _weight(visits),
        _smoothness(live, still, shown),
    ]
    table = [f"Load of the machine when it began: {load:.1f}.", "", "| what | median | slowest |"]
    table += ["|---|---:|---:|", *(f"| {row} |" for row in _rows(visits, data_ms, acts, addresses))]
    return findings, "\n".join(table)


def _finding(what: str, took_ms: list[float], most_ms: float) -> Finding:
    middle = median(took_ms)
    said = f"{middle:.0f} ms"
    return Finding(f"page, {ROWS:,} rows: {what}", said, f"≤ {most_ms:.0f} ms", middle <= most_ms)


def _weight(visits: list[browser.Visit]) -> Finding:
    weight = max(each.scripts_bytes for each in visits)
    return Finding(
        "scripts of the first load, compressed", f"{weight / 1000:.1f} kB",
        f"≤ {MAX_SCRIPTS // 1000} kB", weight <= MAX_SCRIPTS,
    )  # fmt: skip


def _smoothness(live: browser.Frames, still: browser.Frames, shown: int) -> Finding:
    """Frames dropped while rows come, beside those that this browser drops anyway."""
    longest = quantiles(live.gaps_ms, n=100)[98]
    said = (
        f"{live.dropped} of {len(live.gaps_ms) + live.dropped} frames dropped ({still.dropped} "
        f"without rows), 99 % within {longest:.0f} ms, tasks of over 50 ms: {live.long_ms:.0f} ms; "
        f"{shown:,} rows at the end"
    )
    most = still.dropped + 0.05 * len(live.gaps_ms)
    return Finding(
        f"live log at {LIVE_ROWS_S} rows/s for {LIVE_S:.0f} s", said,
        "no more than a twentieth besides", live.dropped <= most,
    )  # fmt: skip


def _rows(
    visits: list[browser.Visit],
    data_ms: dict[str, list[float]],
    acts: dict[str, list[float]],
    addresses: dict[str, list[float]],
) -> Iterator[str]:
    yield _row("first paint", [each.painted_ms for each in visits])
    for name, took in data_ms.items():
        yield _row(f"data of {name}", took)
    for what, took in acts.items():
        yield _row(f"log: {what}", took)
    for path, took in addresses.items():
        yield _row(f"`{path}`", took)


def _row(what: str, took_ms: list[float]) -> str:
    return f"{what} | {median(took_ms):.0f} ms | {max(took_ms):.0f} ms"


# ---- the server --------------------------------------------------------------------------------


@contextmanager
def _serving(folder: Path, data: Path) -> Iterator[tuple[str, int]]:
    """A sinkhole with this data folder: the address of its page, and its port of DNS."""
    port, web = free_port(), free_port()
    site = Site(folder, port, free_port(), Lists((), ()))
    command = sinkhole_with(
        site,
        {
            "data_dir": str(data),
            "web": {"listen": f"127.0.0.1:{web}"},
            "query_log": {"enabled": True, "keep": "400d", "max_size": "64GiB"},
            "stats": {"keep": "400d"},
            "filtering": {"lists": [], "rules": ["||live.example^"]},
        },
    )
    url = f"http://127.0.0.1:{web}/"
    with running(command, folder / "output.txt", None):
        ends = time.monotonic() + START_S
        while not _is_there(url):
            if time.monotonic() > ends:
                raise SystemExit((folder / "output.txt").read_text()[-2000:])
            time.sleep(0.2)
        yield url, port


def _is_there(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}api/v1/statistics", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _asked_ms(url: str, path: str) -> list[float]:
    """Milliseconds of an address of the API, asked again and again."""
    body = json.dumps({"limit": 50}).encode() if path == "/log/search" else None
    headers = {"Content-Type": "application/json"} if body else {}
    took = []
    for _ in range(ROUNDS):
        request = urllib.request.Request(f"{url}api/v1{path}", body, headers)
        begun = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        took.append((time.perf_counter() - begun) * 1000)
    return took


@contextmanager
def _queries(port: int, a_second: int) -> Iterator[None]:
    """So many queries a second while the block runs, each for another blocked name."""
    ended = threading.Event()

    def ask() -> None:
        chance = random.Random(7)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect(("127.0.0.1", port))
            begun, sent = time.monotonic(), 0
            while not ended.wait(0.02):
                due = int((time.monotonic() - begun) * a_second)
                for number in range(sent, due):
                    label = f"n{number}-{chance.randrange(1 << 30)}".encode()
                    name = bytes([len(label)]) + label + b"\x04live\x07example\x00"
                    head = (number & 0xFFFF).to_bytes(2) + b"\x01\x00\x00\x01" + bytes(6)
                    asking.send(head + name + b"\x00\x01\x00\x01")
                sent = due

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield
    finally:
        ended.set()
        asker.join()
