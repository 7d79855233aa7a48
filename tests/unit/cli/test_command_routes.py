"""Routes of operations: those of the API, and inputs put where it wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole import cli
from sinkhole.cli.routes import API, ROUTES, Route
from sinkhole.control.operations.catalogue import OPERATIONS
from sinkhole.control.web.v1.routes import ROUTES as SERVED


@pytest.mark.parametrize("name", ROUTES)
def test_every_route_is_the_one_that_the_api_has(name: str) -> None:
    (served,) = (each for each in SERVED if each.operation is OPERATIONS[name])
    assert (ROUTES[name].method, API + ROUTES[name].path) == (served.method, served.address)


WITHOUT_COMMAND = {
    **dict.fromkeys(
        (name for name in OPERATIONS if name.startswith("own.")),
        "about the account of who asks, and commands have none: `account` names one",
    ),
    **dict.fromkeys(
        (each.operation.name for each in SERVED if each.path.startswith("/pairing/peer/")),
        "what the other one of a pair asks: `pair` shows, makes and ends the pair",
    ),
    "about.show": "`--version` tells the version, and pip what else is installed",
    "explain.question": "`explain` asks at the older address, whose JSON it has always printed",
    "rules.check": "`rules add` and `rules test` say what is no rule, and add nothing then",
    "rules.change": "`rules add` and `rules remove` do it one after the other",
    "listeners.show": "`status` tells where it listens, and `certificate show` of the certificate",
    "listeners.give_certificate": "who can type on the server puts the files where they are to be, "
    "and names them by `settings set`",
    "device_setup.show": "it is for the page: `docs/encrypted.md` tells what to type on a device",
    "device_setup.profile": "`certificate mobileconfig` makes one, so that no server need run",
    "upstreams.test": "`upstream test` tries by itself, so that no server need run",
    "setup.show": "who can type on the server sees its addresses and ports by `ip` and `ss`",
    "lists.catalogue": "`lists catalogue` reads it itself, as it came with the program",
}


def test_every_operation_has_a_command_or_a_reason() -> None:
    assert set(OPERATIONS) - set(ROUTES) == set(WITHOUT_COMMAND)
    files = Path(cli.__file__).parent.glob("*.py")
    written = "".join(each.read_text() for each in files if each.name != "routes.py")
    kinds = {"clients", "groups", "schedules", "records", "routes", "upstream_sets"}
    said = {name for name in ROUTES if f'"{name}"' in written}
    said |= {name for name in ROUTES if name.partition(".")[0] in kinds}  # written once for all
    assert set(ROUTES) - said == {"protection.show"}, "which `status` tells as well"


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
