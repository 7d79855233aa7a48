"""The table: every operation at one address, and docs/api.md has the same."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from sinkhole.control.operations import protection
from sinkhole.control.operations.catalogue import OPERATIONS
from sinkhole.control.web.v1.route import ApiRoute
from sinkhole.control.web.v1.routes import ROUTES

API = Path(__file__).parents[5] / "docs" / "api.md"
ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| `(\S+)` \| `(\S+)` \| .+ \|$", re.MULTILINE)


def test_each_operation_has_one_route_and_each_route_an_operation() -> None:
    assert sorted(each.operation.name for each in ROUTES) == sorted(OPERATIONS)
    assert all(each.operation is OPERATIONS[each.operation.name] for each in ROUTES)


def test_no_two_routes_are_one() -> None:
    taken = Counter((each.method, re.sub(r"\{\w+\}", "{}", each.path)) for each in ROUTES)
    assert [each for each, times in taken.items() if times > 1] == []


def test_the_document_has_the_same_table() -> None:
    written = ROW.findall(API.read_text())
    assert written == [
        (each.method, each.path, each.operation.name, str(each.operation.permission))
        for each in ROUTES
    ]


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [("GET", "/pause", "is no GET"), ("POST", "/pause/{minutes}", "has no minutes")],
)
def test_what_cannot_be_served_cannot_be_written_down(method: str, path: str, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        ApiRoute(method, path, protection.pause)  # type: ignore[arg-type]  # as a parameter it is text
