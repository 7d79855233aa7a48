"""The command line of the bench: `python -m bench --help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from bench import (
    changing,
    counts,
    encrypted,
    groups,
    memory,
    page,
    report,
    scale,
    searching,
    shared_log,
    shipping,
    speed,
    workers,
)
from bench.database import programs
from bench.lists import read_lists
from bench.servers import ENCRYPTED, SERVERS, how_to_install, program
from bench.upstreams import missing_for
from bench.workload import read_household, write_repeat

HERE = Path(__file__).parent
WORK = HERE / "work"
PARTS = (
    *speed.PARTS,
    "encrypted",
    "memory",
    "scale",
    "changing",
    "groups",
    "shipping",
    "workers",
    "searching",
    "shared-log",
    "page",
    "lists",
)


def main() -> int:
    """Measure what is asked for and print it; 1 when a target is missed, 2 when one can't start."""
    arguments = _arguments()
    # Ends by exception, so that every child is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    for tool in ("dnsperf", "cc"):
        if program(tool) is None:
            print(how_to_install(tool))
            return 2
    source = Path(arguments.lists) if arguments.lists else None
    lists = read_lists(source, WORK / "lists")
    print(f"{len(lists.names):,} listed names, {'as published' if source else 'made up'}")
    results = report.Results(lists_published=source is not None, listed=len(lists.names))
    parts = tuple(part for part in speed.PARTS if part in arguments.only)
    if parts:
        plan = speed.Plan(
            parts, _present(arguments.servers), arguments.rounds, arguments.queries,
            arguments.fresh_queries,
        )  # fmt: skip
        results.runs = speed.measure_speed(plan, lists, source, WORK, print)
    if "sinkhole" in arguments.servers:
        household = read_household(source, lists)
        mix = write_repeat(household, WORK)
        if "encrypted" in arguments.only:
            results.more += encrypted.measure_encrypted(
                lists, mix, arguments.queries // 3, arguments.rounds, WORK, print
            )
        if "memory" in arguments.only:
            results.more += memory.measure_memory(lists, mix, WORK, print)
        if "scale" in arguments.only:
            results.more += scale.measure_scale(lists, mix, WORK, print)
        if "changing" in arguments.only:
            results.more += changing.measure_changing(lists, mix, WORK, print)
        if "groups" in arguments.only:
            found, table = groups.measure_groups(
                lists, household, mix, arguments.queries, arguments.fresh_queries,
                arguments.rounds, WORK, print,
            )  # fmt: skip
            results.more += found
            results.tables["What groups cost"] = table
        if "shipping" in arguments.only:
            found, table = shipping.measure_shipping(
                lists, mix, arguments.queries, arguments.rounds, WORK, print
            )
            results.more += found
            results.tables["What copies of the query log cost"] = table
        if "workers" in arguments.only:
            found, tables = workers.measure_workers(
                lists, household, mix, arguments.queries, arguments.fresh_queries,
                arguments.rounds, WORK, print,
            )  # fmt: skip
            results.more += found
            results.tables |= tables
        if "searching" in arguments.only:
            found, table = searching.measure_searches(WORK, print)
            results.more += found
            results.tables["Searches of the query log"] = table
    if "shared-log" in arguments.only and _has_database():
        found, table = shared_log.measure_shared_log(WORK, print)
        results.more += found
        results.tables["A log that three share"] = table
    if "page" in arguments.only:
        results.more += _page(results)
    if "lists" in arguments.only and source is not None:
        counted = counts.count_lists(source)
        results.more.append(counts.finding(counted))
        results.tables["Published lists, line by line"] = counts.table(counted)
    text = report.render(results)
    print(f"\n{text}")
    if arguments.record:
        report.record(text, HERE / "results.md")
    return 0 if results.all_met() else 1


def _page(results: report.Results) -> list[report.Finding]:
    """What the page is found to be; nothing where there is no browser to see it by."""
    if not page.CHROMIUM.exists():
        print(f"{page.CHROMIUM} is not installed (Debian: apt-get install chromium); "
              "the page is left out")  # fmt: skip
        return []
    found, table = page.measure_page(WORK, print)
    results.tables["The page"] = table
    return found


def _has_database() -> bool:
    """Whether PostgreSQL is installed; says so where it is not."""
    if programs() is None:
        print("PostgreSQL is not installed (Debian: apt-get install postgresql); "
              "the shared log is left out")  # fmt: skip
        return False
    return True


def _present(asked: list[str]) -> tuple[str, ...]:
    """The servers asked for that are installed, in table order; says what is left out."""
    present = []
    for name in SERVERS:
        if name not in asked:
            continue
        needed = name.partition(",")[0]
        if name in ENCRYPTED and (missing := missing_for(ENCRYPTED[name])):
            print(f"{missing}; {name} is left out")
            continue
        if needed in ("unbound", "dnsmasq") and program(needed) is None:
            print(f"{how_to_install(needed)}; {name} is left out")
            continue
        present.append(name)
    return tuple(present)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--lists",
        metavar="DIR",
        default=os.environ.get("SINKHOLE_BENCH_LISTS"),
        help="folder with published lists and a household's queries (see bench/README.md);"
        " default: $SINKHOLE_BENCH_LISTS, else lists made up with a fixed seed",
    )
    parser.add_argument("--queries", type=int, default=300_000, help="in a run of known names")
    parser.add_argument("--fresh-queries", type=int, default=30_000, help="in a run of new names")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART",
                        help=f"one or more of {', '.join(PARTS)}")  # fmt: skip
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS),
                        metavar="NAME", help=f"one or more of {'; '.join(SERVERS)}")  # fmt: skip
    parser.add_argument("--record", action="store_true", help="append to bench/results.md")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
