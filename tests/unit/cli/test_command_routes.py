"""Routes of operations: those of the API, and inputs put where it wants them."""

from __future__ import annotations

import pytest

from sinkhole.cli.routes import API, ROUTES, Route
from sinkhole.control.operations.catalogue import OPERATIONS
from sinkhole.control.web.v1.routes import ROUTES as SERVED


@pytest.mark.parametrize("name", ROUTES)
def test_every_route_is_the_one_that_the_api_has(name: str) -> None:
    (served,) = (each for each in SERVED if each.operation is OPERATIONS[name])
    assert (ROUTES[name].method, API + ROUTES[name].path) == (served.method, served.address)


def test_inputs_of_a_path_are_quoted_and_the_rest_goes_into_the_query() -> None:
    asked = Route("GET", "/lists/{name}/diff").request(
        {"name": "a/b ü", "below": True, "many": ["x", "y"], "count": 3, "none": None}
    )
    assert asked.path == "/api/v1/lists/a%2Fb%20%C3%BC/diff"
    assert asked.query == {"below": "true", "many": ["x", "y"], "count": "3"}
    assert asked.body is None


def test_what_changes_something_has_a_body() -> None:
    asked = Route("PATCH", "/lists/{name}").request({"name": "a", "enabled": False, "url": None})
    assert (asked.path, asked.query, asked.body) == ("/api/v1/lists/a", {}, {"enabled": False})


def test_beside_a_file_inputs_stand_in_the_query() -> None:
    asked = Route("POST", "/restore").request({"dry_run": True}, has_file=True)
    assert (asked.query, asked.body) == ({"dry_run": "true"}, None)
