"""Modes of blocking and how long each is remembered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sinkhole.control.settings import Settings

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "ttl"),
    [
        ("{}", 10),
        ("{ttl: 1m}", 60),
        ("{ttl: 0}", 0),
        ("{ttl: {null_ip: 1m}}", 60),
        ("{mode: nxdomain, ttl: {null_ip: 1m, nxdomain: 2m}}", 120),
        ("{mode: nodata, ttl: {null_ip: 1m, nxdomain: 2m}}", 10),
        ("{mode: default, ttl: {default: 0s}}", 0),
    ],
)
def test_the_ttl_in_force_is_that_of_the_mode(loaded: Load, text: str, ttl: int) -> None:
    assert loaded(f"filtering: {{blocking: {text}}}").filtering.blocking.ttl_in_force == ttl


@pytest.mark.parametrize(
    ("ttl", "found"),
    [
        ("2d", "s.yaml:3: filtering.blocking.ttl: 2d is out of range, write 0s to 1d"),
        ("[1m]", "s.yaml:3: filtering.blocking.ttl: a list is not a number with a unit"),
        ("{}", "s.yaml:3: filtering.blocking.ttl: no mode is named, write one time span"),
        (
            "\n      null_ip: 1m\n      nxdomian: 1m",
            's.yaml:5: filtering.blocking.ttl.nxdomian: "nxdomian" is no blocking mode,'
            ' did you mean "nxdomain"?',
        ),
        ("\n      x: 1m", '"x" is no blocking mode, write null_ip, default, nxdomain, nodata, '),
        (
            "\n      null_ip: 1m\n      nodata: soon",
            's.yaml:5: filtering.blocking.ttl.nodata: "soon" is not a duration',
        ),
        (
            "\n      nodata: 25h",
            "s.yaml:4: filtering.blocking.ttl.nodata: 25h is out of range, write 0s to 1d",
        ),
    ],
    ids=["long", "list", "no-mode", "wrong-mode", "strange-mode", "no-span", "long-span"],
)
def test_a_ttl_that_makes_no_sense_is_refused(problems: Problems, ttl: str, found: str) -> None:
    (problem,) = problems(f"filtering:\n  blocking:\n    ttl: {ttl}\n")
    assert found in problem


def test_default_is_a_mode(loaded: Load) -> None:
    assert loaded("filtering: {blocking: {mode: default}}").filtering.blocking.mode == "default"
