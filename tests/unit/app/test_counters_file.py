"""The counters of /metrics over a restart: written when a server ends, and used once."""

from __future__ import annotations

from pathlib import Path

import pytest
from bare_house import bare_house

from sinkhole.app import counters_file
from sinkhole.app.counters_file import CountersFile
from sinkhole.control.operations.house import House
from sinkhole.control.stats import Carried


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each server counts five more before it ends."""
    monkeypatch.setattr(
        "sinkhole.control.web.count_once_more",
        lambda house: house.carried.total("queries_total", {}, 5),
    )


def a_run(folder: Path) -> tuple[CountersFile, House]:
    carried = Carried()
    file = CountersFile(folder, carried)
    file.restore()
    return file, bare_house(carried=carried)


async def test_what_is_counted_goes_on(tmp_path: Path) -> None:
    for _ in range(3):
        file, house = a_run(tmp_path)
        await file.save(house)
    _, house = a_run(tmp_path)
    assert house.carried.total("queries_total", {}, 1) == 16


async def test_who_was_killed_begins_anew(tmp_path: Path) -> None:
    file, house = a_run(tmp_path)
    await file.save(house)
    a_run(tmp_path)
    _, house = a_run(tmp_path)
    assert house.carried.total("queries_total", {}, 1) == 1


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe"])
def test_a_damaged_file_is_told_and_is_no_trouble(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "counters.json").write_bytes(content)
    _, house = a_run(tmp_path)
    assert house.carried.total("queries_total", {}, 1) == 1
    assert "begin at 0" in caplog.text
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_is_gone_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, house = a_run(tmp_path / "missing")
    await file.save(house)
    assert "will begin at 0" in caplog.text
    assert counters_file.log.name == "sinkhole.app.counters_file"
