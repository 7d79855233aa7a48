"""What many clients cost: `python -m bench.many`, which prints the figures of docs/scale.md.

Known names at rates that a house, an office and a town have, as a name costs more the fewer come
at once; what a client takes; and what a row of the log takes where one house asks, and where
thousands do.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from bench.household import END_S, Household, write_log
from bench.lists import SEED, read_lists
from bench.load import run_load
from bench.process import Cores, settled_cpu_s
from bench.serving import Bench, serving, site_of
from bench.speed import stub_resolver
from bench.workload import Workload, read_household, write_blocked
from sinkhole.control.querylog import LogTerms
from sinkhole.control.querylog.row_builder import INSERT_ROWS, ROW_WIDTH, RowBuilder
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.stats import Rollups
from sinkhole.dns.clients.clients import MAX_CLIENTS, Clients
from sinkhole.dns.policy.access import Access
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.model.record import Batch, Who

WORK: Final = Path(__file__).parent / "work"
RATES: Final = (2_000, 5_000, 10_000, 20_000, 30_000, 40_000)
RATE_S: Final = 6
HOUSE_ROWS: Final = (300_000, 900_000)
CROWDS: Final = (1_000, 10_000)
ASKED_AN_HOUR: Final = 70
HOURS: Final = 2


def main() -> None:
    """Measure and print."""
    WORK.mkdir(exist_ok=True)
    print_rates()
    print_clients()
    asyncio.run(print_log())


# -- names -----------------------------------------------------------------------------------


def print_rates() -> None:
    """CPU a query by how many come a second, and how many of their rows were dropped."""
    lists, cores = read_lists(None, WORK / "lists"), Cores.of_this_machine()
    asked = write_blocked(read_household(None, lists), WORK)
    with stub_resolver(WORK, cores.load) as stub_port:
        bench = Bench(WORK, stub_port, asked, print)
        site = site_of(bench, "many", lists)
        with serving(bench, site, lists.names[0], core=cores.server) as server:
            run_load(site.port, asked.file, 1, cores.load)
            for rate in RATES:
                file = _some(asked, rate * RATE_S)
                before = settled_cpu_s(server.pid)
                load = run_load(site.port, file, 1, cores.load, "-Q", str(rate))
                cost_us = (settled_cpu_s(server.pid) - before) / load.answered * 1e6
                print(f"{load.qps:,.0f} known names a second: {cost_us:.1f} µs each")


def _some(asked: Workload, count: int) -> Path:
    lines = asked.file.read_text().splitlines()
    file = WORK / "some.txt"
    file.write_text("\n".join(lines[number % len(lines)] for number in range(count)) + "\n")
    return file


# -- clients ---------------------------------------------------------------------------------


def _addresses(second: int, count: int) -> Iterator[int]:
    """Of 10.0.0.0/8, as the listener reads them."""
    for number in range(count):
        packed = bytes((10, second + (number >> 16), number >> 8 & 255, number & 255))
        yield int.from_bytes(packed, sys.byteorder)


def print_clients() -> None:
    """The memory of a client, and the time it takes to make one where another is forgotten."""
    household = Access(allow=(ip_network("10.0.0.0/8"),))
    clients = Clients(Policy(access=household, group=GroupPolicy(rate_limit=200)))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for address in _addresses(0, MAX_CLIENTS):
        clients.of(address)
    size = (tracemalloc.get_traced_memory()[0] - before) / MAX_CLIENTS
    tracemalloc.stop()
    others = [*_addresses(1, 200_000)]
    began = time.process_time()
    for address in others:
        clients.of(address)
    cost_us = (time.process_time() - began) / len(others) * 1e6
    print(f"a client: {size:.0f} bytes; made where another is forgotten: {cost_us:.1f} µs")


# -- rows of the log -------------------------------------------------------------------------


async def print_log() -> None:
    """Bytes a row of one house's log of three months, as it grows, and of two hours of crowds."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        sizes = [await _house(Path(folder) / f"{rows}.db", rows) for rows in HOUSE_ROWS]
        more = (sizes[1] - sizes[0]) / (HOUSE_ROWS[1] - HOUSE_ROWS[0])
        print(f"one house: {sizes[1] / HOUSE_ROWS[1]:.0f} bytes a row, {more:.0f} for one more")
        for clients in CROWDS:
            size, cost_us = await _crowd(Path(folder) / f"crowd-{clients}.db", clients)
            print(f"{clients:,} clients: {size:.0f} bytes a row, written in {cost_us:.1f} µs")


async def _house(path: Path, rows: int) -> int:
    await write_log(path, rows, lambda _: None)
    return await asyncio.to_thread(os.path.getsize, path)


async def _crowd(path: Path, clients: int) -> tuple[float, float]:
    """Bytes and CPU µs a row, where each query comes by itself."""
    database, _ = await open_database(path, 64 << 20)
    await database.rows("PRAGMA synchronous = OFF")
    builder = await RowBuilder.load(database, RuleTexts(lambda cause: cause.rule), LogTerms())
    rollups, cpu_s, rows = Rollups(400 * 86_400.0), 0.0, 0
    for batches in _asked_by(clients):
        began = time.process_time()
        async with database.transaction():
            builder.take(batches)
            await builder.settle(database)
            values = await builder.take_rows(database)
            await database.insert(INSERT_ROWS, ROW_WIDTH, values, most=500)
            counts = builder.collect()
            await rollups.write(database, counts, await builder.list_ids(database, counts))
        cpu_s += time.process_time() - began
        rows += len(values) // ROW_WIDTH
    await database.close()
    size = await asyncio.to_thread(os.path.getsize, path)
    return size / rows, cpu_s / rows * 1e6


def _asked_by(clients: int) -> Iterator[list[Batch]]:
    """What they ask in two hours, in pieces as the writer has them."""
    chance, house = random.Random(SEED), Household()
    crowd = [Who(f"10.0.{number >> 8}.{number & 255}") for number in range(clients)]
    count, piece = clients * ASKED_AN_HOUR * HOURS, 20_000
    step_s = HOURS * 3600 / count
    for first in range(0, count, piece):
        yield [
            Batch(
                END_S - HOURS * 3600 + number * step_s,
                chance.randrange(20, 30_000),
                [(house.any(), chance.choice(crowd))],
            )
            for number in range(first, min(first + piece, count))
        ]


if __name__ == "__main__":
    main()
