"""What another node says of itself, whatever that is."""

from __future__ import annotations

from typing import Any

import pytest
from nodes_kit import a_report

from sinkhole.control.operations.nodes import NodeShown
from sinkhole.model.nodes import Node, read_report


def test_what_is_as_it_should_be_stays() -> None:
    report = a_report(median_ms=1.5, problems=["the disk is full"], drained=True)
    assert read_report(report) == report
    assert read_report(a_report(web="https://attic.example"))["web"] == "https://attic.example"


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"health": "splendid", "queries": "many", "dns": "127.0.0.1:53", "problems": [5, {}]},
        {"median_ms": [], "started": True, "workers": None, "revision": 10**400},
        {"of a later version": 1, "drained": "no"},
    ],
)
def test_whatever_it_says_it_can_be_shown(told: Any) -> None:
    shown = NodeShown.of(Node("attic", False, "up", 1.0, read_report(told)))
    assert (shown.health, shown.queries, shown.dns, shown.drained) == ("degraded", 0, [], False)


def test_its_page_is_no_program_and_its_texts_have_an_end() -> None:
    told = a_report(web="javascript:alert(1)", problems=["long " * 1000] * 1000)
    report = read_report(told)
    assert report["web"] == ""
    assert len(report["problems"]) == 50 and len(report["problems"][0]) == 1000
