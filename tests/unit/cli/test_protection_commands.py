"""Pauses by command, on a data folder without a server."""

from __future__ import annotations

import pytest
from command_line import CommandLine


@pytest.fixture
def settled(command: CommandLine) -> CommandLine:
    client = {"name": "Kids tablet", "ids": ["tab"], "group": "kids"}
    command.settle(groups=[{"name": "kids"}], clients=[client])
    return command


def test_each_is_paused_and_resumed_by_itself(settled: CommandLine) -> None:
    told = settled("pause", "10m", "--client", "kids TABLET")
    assert (told.code, told.err) == (0, "")
    first, second = told.out.splitlines()
    assert first == "The filter is on."
    assert second.startswith("The filter is off for Kids tablet, for 10 min; paused by ")
    told = settled("pause", "--service", "tiktok")
    assert "The service tiktok is not blocked, until it is resumed; paused by " in told.out
    told = settled("pause", "1h", "--json")
    assert [each["scope"] for each in told.json()["pauses"]] == ["client", "service", "all"]
    assert not told.json()["enabled"]
    assert "The filter is off, for 1 h" in settled("pause", "1h", "--group", "kids").out
    told = settled("resume")
    assert told.out.startswith("The filter is on.\nThe filter is off for Kids tablet, for ")
    assert "tiktok" not in settled("resume", "--service", "tiktok").out
    assert "Kids tablet" not in settled("resume", "--client", "tab").out
    assert settled("resume", "--group", "KIDS").out == "The filter is on.\n"


def test_a_time_of_the_day_is_until_then(settled: CommandLine) -> None:
    for text in ("21:30", "fri 21:30"):
        assert settled("pause", text, "--json").json()["left_s"] > 0


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("soon",), 2, "'soon' is no time span: write 90s, 10m"),
        (("25:00",), 1, "'25:00' is no moment; write a time such as 21:30 or fri 21:30"),
        (("1h", "--group", "kid"), 1, 'there is no group "kid": did you mean "kids"?'),
        (("1h", "--list", "Nothing"), 1, 'there is no list "Nothing"'),
        (("--group", "kids", "--client", "tab"), 2, "one at a time: not --group and --client"),
    ],
)
def test_what_cannot_be_is_told(
    settled: CommandLine, words: tuple[str, ...], code: int, reason: str
) -> None:
    told = settled("pause", *words)
    assert (told.code, told.out) == (code, "")
    assert reason in told.err
