"""What applies at a moment, and what a question comes to for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sinkhole.control.explain.scene import Scene, applied, for_others
from sinkhole.control.state.pauses import Pause
from sinkhole.model.stamp import Stamp

Build = Callable[..., Any]

NIGHT_S = 1_800_000_000.0
"""A Friday, 8:00 UTC."""

SETTINGS: dict[str, Any] = {
    "time_zone": "UTC",
    "schedules": [
        {"name": "morning", "windows": ["fri 7:00-9:00"]},
        {"name": "early", "windows": ["fri 6:00-8:30"]},
    ],
    "groups": [
        {"name": "kids", "rules": ["||a.example^"]},
        {"name": "away", "schedules": [{"when": "morning", "filtering": False}], "log": False},
    ],
    "clients": [
        {"name": "Tablet", "addresses": ["192.0.2.8"], "group": "kids"},
        {"name": "Console", "addresses": ["192.0.2.9"], "group": "kids"},
        {"name": "Phone", "addresses": ["192.0.2.10"], "group": "away", "statistics": False},
        {"name": "Plain", "addresses": ["192.0.2.11"]},
    ],
}


def test_layers_schedules_and_pauses_are_told(house: Build) -> None:
    home = house(**SETTINGS)
    pause = Pause("client", "phone", Stamp("boot", 1.0, NIGHT_S), 60, "anna")
    other = Pause("group", "kids", Stamp("boot", 1.0, NIGHT_S), None, "otto")
    pauses = ((pause, 30.0), (other, None))
    scene = Scene(NIGHT_S, home.pipeline.policy, home.maker.household, pauses)
    told = applied(scene, "Phone")
    assert told["group"] == "away"
    assert [
        (each["kind"], each["name"], each["schedule"], each["says"]) for each in told["layers"]
    ] == [
        ("group", "away", "", {"log": False}),
        ("group", "away", "morning", {"filtering": False}),
        ("client", "Phone", "", {"statistics": False}),
    ]
    assert (told["open"], told["until"]) == (["morning"], NIGHT_S + 3600)
    assert told["pauses"] == [{"scope": "client", "name": "phone", "by": "anna", "left_s": 30.0}]
    for nobody in ("", "Tablet"):  # what is open concerns others
        told = applied(scene, nobody)
        assert (told["open"], told["until"]) == ([], None)
    assert applied(scene, "")["layers"] == []


def test_clients_for_whom_the_same_applies_are_told_together(house: Build) -> None:
    home = house(**SETTINGS)
    for client, expected in (
        ("192.0.2.7", {("Tablet", "Console"): "blocked", ("Phone",): "forwarded"}),
        ("192.0.2.8", {(): "forwarded", ("Phone",): "forwarded"}),
    ):
        found = for_others(home.inquiry("a.example", client=client), home.pipeline.policy)
        assert {tuple(row["clients"]): row["outcome"] for row, _ in found} == expected
        (blocked,) = [row["list"] for row, _ in found if row["list"]] or ["rules of kids"]
        assert blocked == "rules of kids"


def test_where_all_are_alike_there_are_no_others(house: Build) -> None:
    home = house(rules=["||a.example^"])
    assert for_others(home.inquiry("a.example"), home.pipeline.policy) == []
