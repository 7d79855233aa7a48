from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from log_kit import batch, fill, patient, report

from sinkhole.control.database import Reader
from sinkhole.control.querylog import history as history_module
from sinkhole.control.querylog.export import COLUMNS, encoder
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.querylog.sought import Sought
from sinkhole.model.verdict import Outcome

NOW = 1_700_000_000.0


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_all_rows_of_a_moment_are_exported_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(history_module, "EXPORTED_A_PAGE", 10)
    database, _ = await open_database(tmp_path / "querylog.db")
    for number in range(5):
        reports = [report(f"n{each}.example.org") for each in range(9)]
        await fill(database, [batch(reports, time_s=NOW + number)])
    reader = Reader(database.path)
    chunks = []
    async for chunk in patient(reader).export(Sought(), "csv" if form == "csv" else "jsonl"):
        if not chunks:  # what comes now is not part of it
            await fill(database, [batch([report("new.example.org")], time_s=NOW + 9)])
        chunks.append(chunk)
    text = b"".join(chunks).decode()
    assert len(chunks) == 5
    if form == "csv":
        assert text.count("\r\n") == 46
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    else:
        rows = [json.loads(line) for line in text.splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) == 45
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    await reader.close()
    await database.close()


async def test_an_export_that_is_ended_gives_its_reader_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "EXPORTED_A_PAGE", 2)
    database, _ = await open_database(tmp_path / "querylog.db")
    await fill(database, [batch([report()] * 9, time_s=NOW)])
    reader = Reader(database.path)
    history = patient(reader)
    chunks = history.export(Sought(), "jsonl")
    assert len((await anext(chunks)).splitlines()) == 2
    await chunks.aclose()
    assert len((await history.search(Sought()))["queries"]) == 9
    await reader.close()
    await database.close()


async def test_an_export_of_nothing_has_the_header_alone(tmp_path: Path) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    reader = Reader(database.path)
    history = patient(reader)
    assert [each async for each in history.export(Sought(), "csv")] == [
        (",".join(COLUMNS) + "\r\n").encode()
    ]
    assert [each async for each in history.export(Sought(), "jsonl")] == []
    await reader.close()
    await database.close()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\t=1"])
async def test_no_cell_is_a_formula(tmp_path: Path, cell: str) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    await fill(database, [batch([report(outcome=Outcome.FAILED, detail=cell)], time_s=NOW)])
    reader = Reader(database.path)
    queries = (await patient(reader).search(Sought()))["queries"]
    assert queries[0]["detail"] == cell
    text = encoder("csv")(queries, is_first=True).decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["detail"] == f"'{cell}"
    assert row["blocked"] == "false" and row["duration_ms"] == "0.1"
    await reader.close()
    await database.close()


def test_a_format_there_is_not_is_told() -> None:
    with pytest.raises(ValueError, match="it may be one of csv, jsonl"):
        encoder("xml")  # type: ignore[arg-type]  # what a program may ask for


def test_no_cell_begins_with_a_formula_also_where_a_semicolon_begins_one() -> None:
    data = ["=1+1", "@x", "\t=1", "a;=HYPERLINK(1)", "a; -2", "＝1", "||ads.example^", "a;b"]
    queries: list[Any] = [{"rule": each} for each in data]
    records = [{"type": "TXT", "data": '"a;=1+1"'}]
    queries.append({"answer": {"records": records, "cut_bytes": 0}})
    text = encoder("csv")(queries, is_first=True).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["rule"] for row in rows[:-1]] == [
        *("'=1+1", "'@x", "'\t=1", "a;'=HYPERLINK(1)", "a;' -2", "'＝1", "||ads.example^", "a;b")
    ]
    assert rows[-1]["answer"] == 'TXT "a;\'=1+1"'
