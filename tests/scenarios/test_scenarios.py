"""Plays every `*.scenario` beside this file; `script` and `runner` tell how they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from runner import play
from script import ScriptError, read_scenario

HERE = Path(__file__).parent
SCENARIOS = sorted(path.name for path in HERE.glob("*.scenario"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    if problem := problem_with(HERE / name):
        pytest.fail(problem, pytrace=False)


def problem_with(path: Path) -> str:
    """What goes another way in a scenario than it says, with the place; "" if nothing does."""
    try:
        for steps in read_scenario(path):
            play(steps)
    except ScriptError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("ask example.org A", "1: begin with a comment"),
        ("#\n", "1: begin with a comment"),
        ("# x\n    example.org 60 A 192.0.2.1", "2: an indented line"),
        ("# x\nfrobnicate", "2: 'frobnicate' means nothing here"),
        ("# x\nask example.org", "2: a type is missing"),
        ("# x\nask example.org B", "2: 'B' is not a record type"),
        ("# x\nask example.org A frm 192.0.2.7", "2: 'frm' means nothing here"),
        ("# x\nask example..org A", "2: 'example..org' has an empty label"),
        ("# x\nwait 5", "2: a duration must be a duration like 30s, not '5'"),
        ("# x\nwait 5s 6s", "2: '6s' means nothing here"),
        ("# x\nreserved maybe", "2: 'maybe' means nothing here"),
        ("# x\nrules\nwith rate_limit 5", "3: rate_limit is for the beginning"),
        ("# x\nupstream example.org A NOERROR\n    example.org A", "2: 'example.org A' is not"),
        ("# x\nask localhost A", "2: at the end: nothing was said of this"),
        (
            "# x\nask localhost A\nexpect NXDOMAIN local",
            "3:\n  rcode: expected NXDOMAIN, got NOERR",
        ),
        ("# x\nask localhost A\nexpect NOERROR local", "3:\n  answer: expected [], got ['localho"),
        ("# x\nexpect NOERROR cached", "2: no reply came, 0 wait for one"),
        (
            "# x\nask example.org A\nexpect SERVFAIL failed ede 22",
            "3: an upstream was asked for ex",
        ),
        ("# x\nask example.org A\nasked example.net A", "3: upstreams were asked ['example.org A"),
        ("# x\nask example.org A\nexpect silence", "3: an upstream was asked for example.org A"),
        ("# x\nwait 1s\nwhere\n    A B\n    1", "3: 1: not ['A', 'B']"),
    ],
)
def test_what_is_wrong_with_a_scenario_is_said_with_its_place(
    text: str, error: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.scenario"
    path.write_text(text)
    assert problem_with(path).startswith(f"bad.scenario:{error}")
