from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log_kit import batch, blocked, fill, patient, report

from sinkhole.control.database import Database, Reader
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.querylog.sought import Sought, SoughtName
from sinkhole.control.querylog.views import Cursor, thaw, written

NOW = 1_700_000_000.0

FULL = Sought(
    from_s=1.5,
    to_s=NOW,
    text="münchen",
    names=(SoughtName("a.example"), SoughtName("b.example", "below")),
    clients=("Kids tablet", 7),
    lists=(3, "Ads"),
    upstreams=("192.0.2.53:53",),
    transports=("tls",),
    rcodes=("NXDOMAIN",),
    verdicts=("blocked",),
    types=("A",),
    through=1_700_000_000_000_000,
    text_clients=(1, 2),
)


@pytest.mark.parametrize("sought", [Sought(), FULL])
def test_a_view_says_all_that_is_sought(sought: Sought) -> None:
    text = written(sought)
    assert text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    assert thaw(text) == sought


@given(st.text(max_size=80) | st.integers(0, 200).map(lambda end: written(FULL)[:end]))
def test_what_is_no_view_is_told_in_words(text: str) -> None:
    """Whatever the text, it is a view or a ValueError for people."""
    try:
        assert isinstance(thaw(text), Sought)
    except ValueError as error:
        assert "view" in str(error)


def test_a_view_of_a_newer_sinkhole_is_told() -> None:
    with pytest.raises(ValueError, match="newer"):
        thaw("2" + written(FULL)[1:])


def test_a_cursor_is_read_back() -> None:
    assert Cursor.read(None) == Cursor.read("") == Cursor(None, None)
    assert Cursor.read("12") == Cursor(12, None)
    assert Cursor.read("12-34") == Cursor(12, 34)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    yield database
    await database.close()


async def test_a_frozen_view_shows_the_same_rows_whatever_comes_and_is_renamed(
    database: Database,
) -> None:
    names = {"192.0.2.1": "Kids tablet"}
    reader = Reader(database.path)
    history = patient(reader, client_name=lambda address, device: names.get(address, ""))
    await fill(database, [batch([blocked(list_name="Ads"), report()], time_s=NOW)])
    await fill(database, [batch([blocked(list_name="Ads")], "192.0.2.2", time_s=NOW + 1)])
    wanted: list[Any] = [Sought(clients=("tablet",)), Sought(lists=("Ads",)), Sought(text="tablet")]
    before = [(await history.search(each))["queries"] for each in wanted]
    assert [len(rows) for rows in before] == [2, 2, 2]
    views = [await history.freeze(each) for each in wanted]
    names["192.0.2.1"], names["192.0.2.2"] = "Telly", "Tablet"
    await database.rows("UPDATE list SET name = 'Advertising'")
    await fill(database, [batch([blocked(list_name="Ads"), report()], time_s=NOW + 2)])
    for view, rows in zip(views, before, strict=True):
        found = (await history.search(thaw(view)))["queries"]
        ids = [row["id"] for row in rows]
        assert [row["id"] for row in found if row["client"] == "192.0.2.1"] == [
            row["id"] for row in rows if row["client"] == "192.0.2.1"
        ]
        assert set(ids) <= {row["id"] for row in found}
        assert all(row["time"] < NOW + 2 for row in found)
    for nothing in (Sought(lists=("None",)), Sought(clients=("nobody",))):
        assert (await history.search(thaw(await history.freeze(nothing))))["queries"] == []
    await reader.close()
