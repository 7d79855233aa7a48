"""What settings mean is read from the source, by several at once too; tables keep their rows."""

from __future__ import annotations

import linecache
from concurrent.futures import ThreadPoolExecutor

from sinkhole.control.settings.describe import described
from sinkhole.control.settings.prose import help_of, prose_of
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.upstream_schema import UpstreamSettings


def test_rows_of_a_table_are_lines_and_paragraphs_stay_apart() -> None:
    assert help_of(UpstreamSettings, "strategy").split("\n")[:2] == [
        "Who of several servers is asked:",
        "fastest – who has answered quickest lately, and now and then another one to see",
    ]
    lines = help_of(UpstreamSettings, "servers").split("\n")
    assert lines[5].endswith('"tcp://..." is the same over TCP only')  # on a line of its own there
    assert lines[6].startswith("All but the bare addresses")
    assert lines[7:] == ["", lines[-1]]


def test_several_may_ask_at_once() -> None:
    prose_of.cache_clear()
    linecache.clearcache()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(described, [Settings()] * 4))
    assert found[1:] == found[:-1]
