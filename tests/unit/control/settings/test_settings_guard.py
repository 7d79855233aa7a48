"""The guard of list updates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sinkhole.control.settings import Settings

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def test_a_factor_of_three_is_usual_and_zero_is_off(loaded: Load) -> None:
    assert loaded("").filtering.guard.factor == 3
    assert loaded("filtering: {guard: {factor: 0}}").filtering.guard.factor == 0


def test_canaries_are_names(loaded: Load) -> None:
    guard = loaded("filtering: {guard: {canaries: [WWW.Example.org]}}").filtering.guard
    assert guard.canaries == ("www.example.org",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{factor: 1}", "factor: 1 would stop every change, write 2 to 1000, or 0 for off"),
        ("{factor: 1.5}", "factor: 1.5 is not a whole number from 0 to 1000"),
        ("{factor: -3}", "factor: -3 is not a whole number from 0 to 1000"),
        ("{canaries: [a b]}", 'canaries[0]: "a b" is not a host name'),
    ],
)
def test_what_makes_no_sense_is_refused(problems: Problems, text: str, found: str) -> None:
    (problem,) = problems(f"filtering: {{guard: {text}}}")
    assert problem.startswith("s.yaml:1: filtering.guard.")
    assert found in problem
