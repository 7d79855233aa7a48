from __future__ import annotations

from pathlib import Path

from log_kit import batch, blocked, fill, patient, report

from sinkhole.control.database import Reader
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.querylog.sought import Sought
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Report, Who
from sinkhole.model.verdict import Outcome, Verdict

NOW = 1_700_000_000.0
ADDRESS = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"


async def test_a_row_says_everything_about_a_verdict(tmp_path: Path) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    entry = report(
        "cdn.example.com",
        Outcome.BLOCKED_ANSWER,
        qtype=65,
        cause=blocked(line=9).verdict.cause,
        hop="tracker.example.net",
        upstream="192.0.2.53:53",
        detail="a few words",
    )
    who = Who("192.0.2.1", "02:00:5e:10:00:07", "children")
    await fill(database, [batch([entry], who, time_s=NOW, duration_us=12_345, channel="h3")])
    reader = Reader(database.path)
    history = patient(reader)
    (row,) = (await history.page())["queries"]
    assert row == {
        "id": "1700000000000000",
        "time": NOW,
        "client": "192.0.2.1",
        "name": "cdn.example.com",
        "type": "HTTPS",
        "outcome": "blocked_answer",
        "blocked": True,
        "rcode": "NOERROR",
        "list": "Starter",
        "line": 9,
        "rule": "||rule9^",
        "hop": "tracker.example.net",
        "upstream": "192.0.2.53:53",
        "group": "children",
        "detail": "a few words",
        "duration_ms": 12.345,
        "transport": "h3",
        "list_id": 1,
        "node": "",
        "answer": None,
        "original_answer": None,
        "device": "02:00:5e:10:00:07",
    }
    assert await history.row(1_700_000_000_000_000) == row
    assert await history.row(1) is None
    await reader.close()
    await database.close()


async def test_a_row_has_the_answer_that_was_given_and_the_one_that_was_refused(
    tmp_path: Path,
) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    given, refused = ADDRESS + bytes(4), ADDRESS + bytes([192, 0, 2, 1])
    name = from_text("cdn.example.com")
    entry = Report(name, 1, 0, Verdict(Outcome.BLOCKED_ANSWER), given, refused)
    await fill(database, [batch([entry], time_s=NOW)])
    reader = Reader(database.path)
    (row,) = (await patient(reader).search(Sought()))["queries"]
    record = {"name": "cdn.example.com", "type": "A", "ttl": 60, "data": "0.0.0.0"}
    assert row["answer"] == {"records": [record], "cut_bytes": 0}
    original = {**record, "data": "192.0.2.1"}
    assert row["original_answer"] == {"records": [original], "cut_bytes": 0}
    await reader.close()
    await database.close()
