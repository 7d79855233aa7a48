"""Tables, targets and the dated record: Markdown, for the terminal and for bench/results.md."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.servers import ENCRYPTED
from bench.speed import PARTS, Run

MAX_RATIO = {"sinkhole": 2.5, "sinkhole, no log": 2.0}
"""CPU time per query on names known or blocked, as a multiple of the echo's."""

MAX_FRESH_US = 80.0
MAX_FRESH_BY_HTTPS_US = 250.0

_PART_TITLES = {
    "repeat": "Repeated and blocked names: a household's mix, all of it known",
    "blocked": "Blocked names only",
    "fresh": "Names never seen before",
}


@dataclass(frozen=True)
class Finding:
    """One figure beside its target; `met` is None where there is nothing to hold it against."""

    what: str
    value: str
    target: str
    met: bool | None


@dataclass
class Results:
    """All that one run of the bench found."""

    lists_published: bool
    listed: int
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    runs: list[Run] = field(default_factory=list)
    more: list[Finding] = field(default_factory=list)
    """What was found besides speed."""
    tables: dict[str, str] = field(default_factory=dict)
    """Further tables by title, in Markdown."""

    def findings(self) -> list[Finding]:
        """Every figure that has a target."""
        return [*_speed_findings(self.runs), *_encrypted_findings(self.runs), *self.more]

    def all_met(self) -> bool:
        """Whether no target was missed."""
        return all(finding.met is not False for finding in self.findings())


@dataclass(frozen=True)
class Row:
    """One server in one workload: medians over the rounds, losses added up."""

    server: str
    cpu_us: float
    ratio: float | None
    qps: float
    latency_ms: float
    lost: int


def rows_of(runs: list[Run], part: str) -> list[Row]:
    """One row for each server, in the order in which they ran."""
    of_part = [run for run in runs if run.part == part]
    echo_us = {run.round_number: run.cpu_us for run in of_part if run.server == "echo"}
    rows = []
    for server in dict.fromkeys(run.server for run in of_part):
        mine = [run for run in of_part if run.server == server]
        ratios = [run.cpu_us / echo_us[run.round_number] for run in mine if echo_us]
        rows.append(
            Row(
                server,
                median(run.cpu_us for run in mine),
                median(ratios) if ratios else None,
                median(run.load.qps for run in mine),
                median(run.load.latency_ms for run in mine),
                sum(run.load.lost for run in mine),
            )
        )
    return rows


def render(results: Results) -> str:
    """The whole report without its heading."""
    origin = "published lists" if results.lists_published else "made-up lists"
    names = f"{results.listed:,} listed names from {origin}"
    if results.runs:
        names += f", {max(run.round_number for run in results.runs)} rounds"
    blocks = [f"{_machine(results.load_before)}\n{names}."]
    blocks += [
        f"### {_PART_TITLES[part]}\n\n{_speed_table(rows)}"
        for part in PARTS
        if (rows := rows_of(results.runs, part))
    ]
    blocks += [f"### {title}\n\n{table}" for title, table in results.tables.items()]
    if findings := results.findings():
        blocks.append(f"### Targets\n\n{_findings_table(findings)}")
    return "\n\n".join(blocks)


def record(text: str, file: Path) -> None:
    """Append the report under today's date."""
    heading = f"\n## {datetime.date.today().isoformat()}\n\n"
    with file.open("a") as results:
        results.write(f"{heading}{text}\n")


def _speed_findings(runs: list[Run]) -> Iterator[Finding]:
    for part in PARTS:
        rows = {row.server: row for row in rows_of(runs, part)}
        for server, limit in MAX_RATIO.items():
            if server not in rows:
                continue
            row = rows[server]
            if part != "fresh" and row.ratio is not None:
                yield Finding(
                    f"{part}: {server}", f"{row.ratio:.2f} × echo", f"≤ {limit} × echo",
                    row.ratio <= limit,
                )  # fmt: skip
            if part == "fresh":
                yield Finding(
                    f"{part}: {server}", f"{row.cpu_us:.1f} µs", f"≤ {MAX_FRESH_US:.0f} µs",
                    row.cpu_us <= MAX_FRESH_US,
                )  # fmt: skip
            if "dnsmasq" in rows:
                share = row.cpu_us / rows["dnsmasq"].cpu_us
                yield Finding(
                    f"{part}: {server}", f"{share:.2f} × dnsmasq", "below dnsmasq", share < 1
                )
            yield Finding(f"{part}: {server}", f"{row.lost} lost", "0 lost", row.lost == 0)


def _encrypted_findings(runs: list[Run]) -> Iterator[Finding]:
    """New names by encrypted transports, beside the same by plain DNS."""
    rows = {row.server: row for row in rows_of(runs, "fresh")}
    plain = rows.get("sinkhole")
    for server in ENCRYPTED:
        if server not in rows:
            continue
        row, target, met = rows[server], "", None
        if server == "sinkhole, DoT" and plain:
            target, met = f"below plain, {plain.cpu_us:.1f} µs", row.cpu_us < plain.cpu_us
        if server == "sinkhole, DoH":
            target, met = f"≤ {MAX_FRESH_BY_HTTPS_US:.0f} µs", row.cpu_us <= MAX_FRESH_BY_HTTPS_US
        yield Finding(f"fresh: {server}", f"{row.cpu_us:.1f} µs", target, met)
        yield Finding(f"fresh: {server}", f"{row.lost} lost", "0 lost", row.lost == 0)


def _speed_table(rows: list[Row]) -> str:
    lines = [
        "| server | CPU µs/query | × echo | queries/s | mean latency ms | lost |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.server} | {row.cpu_us:.2f} | {_ratio(row)} | {row.qps:,.0f} |"
        f" {row.latency_ms:.2f} | {row.lost} |"
        for row in rows
    ]
    return "\n".join(lines)


def _ratio(row: Row) -> str:
    return "" if row.ratio is None else f"{row.ratio:.2f}"


def _findings_table(findings: list[Finding]) -> str:
    verdict = {True: "met", False: "**missed**", None: ""}
    lines = ["| what | measured | target | |", "|---|---|---|---|"]
    lines += [
        f"| {finding.what} | {finding.value} | {finding.target} | {verdict[finding.met]} |"
        for finding in findings
    ]
    return "\n".join(lines)


def _machine(load_before: float) -> str:
    facts = [_cpu_model(), f"{os.cpu_count()} cores", f"Linux {platform.release()}"]
    facts.append(f"Python {platform.python_version()}")
    return f"{', '.join(facts)}; load average {load_before:.1f} before the run."


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
