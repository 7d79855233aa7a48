"""The report of a compilation."""

from __future__ import annotations

import json

from sinkhole.dns.filter.compiled.report import (
    MAX_ALIKE,
    MAX_REASONS,
    MAX_SAMPLE_TEXT,
    MAX_SAMPLES,
    OTHER_REASONS,
    CompileReport,
    Sample,
)


def test_samples_are_bounded_in_all_and_for_one_reason() -> None:
    report = CompileReport()
    for line in range(1, 1000):
        report.refuse(line, "x" * 1000, f"reason {line % 10}")
    assert len(report.samples) == MAX_SAMPLES
    assert report.refused == 999
    assert len(report.samples[0].text) == MAX_SAMPLE_TEXT
    alike = CompileReport()
    for line in range(1, 1000):
        alike.refuse(line, "x", "same")
    alike.refuse(1000, "y", "rare")
    assert len(alike.samples) == MAX_ALIKE + 1
    assert alike.samples[-1] == Sample(1000, "y", "rare")


def test_reasons_are_bounded_and_still_add_up() -> None:
    report = CompileReport()
    for line in range(1, 500):
        report.refuse(line, "x", f"unknown modifier $m{line}")
        report.ignore(f"reason {line}")
    assert len(report.reasons) == MAX_REASONS
    assert OTHER_REASONS in report.reasons
    assert sum(report.reasons.values()) == report.refused == 499
    assert sum(report.ignored_reasons.values()) == report.ignored == 499


def test_a_report_survives_json() -> None:
    report = CompileReport(lines=3, rules=1, names=1, title="My list")
    report.refuse(2, "||*^", "too broad")
    report.ignore("not for us")
    assert CompileReport.from_dict(json.loads(json.dumps(report.as_dict()))) == report
