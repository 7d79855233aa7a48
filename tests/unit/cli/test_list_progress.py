"""What an update shows while it works."""

import io

import pytest
from rich.console import Console

from sinkhole.cli.list_progress import ProgressDisplay
from sinkhole.control.lists.progress import Phase, Step

STEPS = [
    Step("Ads", Phase.FETCH),
    Step("Ads [big]", Phase.FETCH, 1000, 2_000_000),
    Step("Ads [big]", Phase.FETCH, 2_000_000, 2_000_000),
    Step("Ads [big]", Phase.COMPILE, total_bytes=2_000_000),
    Step("Ads", Phase.FAILED, note="HTTP status 404 [Not Found]"),
    Step("Ads [big]", Phase.CHANGED, note="120000 names"),
]


def shown(*, terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120, color_system=None)
    with ProgressDisplay(console) as display:
        for step in STEPS:
            display(step)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_each_list_is_one_plain_line_at_its_end() -> None:
    assert shown(terminal=False).splitlines() == [
        "Ads: failed (HTTP status 404 [Not Found])",
        "Ads [big]: changed (120000 names)",
    ]


def test_on_a_terminal_there_is_a_bar_for_each_list_and_reasons_are_whole() -> None:
    text = shown(terminal=True)
    assert "Ads: HTTP status 404 [Not Found]\n" in text
    last = text.rsplit("Ads [big]", 1)[1]
    assert "2.0 MB" in last
    assert "changed 120000 names" in last


def test_the_terminal_is_given_back_after_an_error() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with pytest.raises(KeyboardInterrupt), ProgressDisplay(console):
        raise KeyboardInterrupt
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().endswith("\x1b[?25h")  # the cursor is shown again
