"""What every published list turns into, line by line, and that two ways of reading agree on it.

A list is compiled as the server does it, most lines by the quick way; then each line is read again
the slow way, and its kind counted. Both must come to the same, and to the number of lines.
"""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.report import Finding
from sinkhole.dns.filter.compiled.compile import compile_lines
from sinkhole.dns.filter.compiled.report import CompileReport
from sinkhole.dns.filter.language.line import ALWAYS, Comment, Ignored, Line, Reject
from sinkhole.dns.filter.language.reader import ListReader

_COLUMNS = ("rules", "exceptions", "rewrites", "conditional", "badfilters", "comments", "ignored",
            "refused")  # fmt: skip
_HOLDS = ("names", "networks", "patterns", "regexes", "duplicates")


@dataclass(frozen=True)
class Count:
    """One list: what compiling it reported, and whether reading it line by line says the same."""

    name: str
    report: CompileReport
    agrees: bool


def count_lists(source: Path) -> list[Count]:
    """All lists of the folder and of the folder `more` in it."""
    files = sorted([*source.glob("*.txt.gz"), *source.glob("more/*.txt.gz")])
    return [_count(file) for file in files if not file.name.startswith("workload")]


def finding(counts: list[Count]) -> Finding:
    """Whether every line of every list is accounted for."""
    lines = sum(count.report.lines for count in counts)
    wrong = [count.name for count in counts if not count.agrees]
    value = f"{lines:,} lines of {len(counts)} lists" + (f", not {', '.join(wrong)}" * bool(wrong))
    return Finding("lines of published lists accounted for", value, "all", not wrong)


def table(counts: list[Count]) -> str:
    """Lines by what they are, then what the rules hold and why lines were passed over."""
    head = ("list", "lines", *_COLUMNS, *_HOLDS)
    rows = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    for count in counts:
        figures = (f"{getattr(count.report, column):,}" for column in head[1:])
        rows.append(f"| {count.name} | {' | '.join(figures)} |")
    reasons: Counter[str] = Counter()
    for count in counts:
        for prefix, told in (
            ("ignored", count.report.ignored_reasons), ("refused", count.report.reasons),
        ):  # fmt: skip
            reasons.update({f"{prefix}: {reason}": number for reason, number in told.items()})
    rows += ["", *(f"- {number:,} {reason}" for reason, number in reasons.most_common())]
    return "\n".join(rows)


def _count(file: Path) -> Count:
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    report = compile_lines(lines).report
    slowly: Counter[str] = Counter()
    reader = ListReader()
    for line in lines:
        slowly.update(_sorts(reader.read(line, at_top=not slowly["rules"])))
    told = {column: getattr(report, column) for column in _COLUMNS}
    adds_up = report.rules + report.comments + report.ignored + report.refused == len(lines)
    agrees = adds_up and all(slowly[column] == number for column, number in told.items())
    return Count(file.name.removesuffix(".txt.gz"), report, agrees)


def _sorts(line: Line) -> list[str]:
    """The columns in which a line counts."""
    if isinstance(line, Comment):
        return ["comments"]
    if isinstance(line, Ignored):
        return ["ignored"]
    if isinstance(line, Reject):
        return ["refused"]
    marks = {
        "exceptions": line.allow,
        "rewrites": line.rewrite is not None,
        "conditional": line.conditions != ALWAYS,
        "badfilters": line.badfilter,
    }
    return ["rules", *(column for column, is_so in marks.items() if is_so)]
