from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from log_kit import batch, blocked, report

from sinkhole.control.database import Database
from sinkhole.control.querylog import LogTerms
from sinkhole.control.querylog import row_builder as row_builder_module
from sinkhole.control.querylog.placing import CLOCK_STEP_US, HOUR_US, MINUTE_US
from sinkhole.control.querylog.row_builder import INSERT_ROWS, ROW_WIDTH, RowBuilder
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.schema import open_database
from sinkhole.model.errors import ListError
from sinkhole.model.record import TRANSPORTS, Batch, Telling, Who
from sinkhole.model.verdict import Cause, Outcome

T = 1_700_000_060.0  # 20 s after a minute began


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    yield database
    await database.close()


async def a_builder(
    database: Database, rule_text: Callable[[Cause], str] = lambda cause: cause.rule, **terms: Any
) -> RowBuilder:
    return await RowBuilder.load(database, RuleTexts(rule_text), LogTerms(**terms))


async def take(builder: RowBuilder, database: Database, *batches: Batch) -> list[tuple[int, ...]]:
    builder.take(batches)
    await builder.settle(database)
    values = builder.rows
    rows = [tuple(values[at : at + ROW_WIDTH]) for at in range(0, len(values), ROW_WIDTH)]
    values.clear()
    return sorted(rows)


async def test_every_record_becomes_a_row_whether_it_is_known_or_not(database: Database) -> None:
    builder = await a_builder(database)
    seen, unseen = report("a.example"), report("b.example")
    first = await take(builder, database, batch([seen, seen], time_s=T))
    second = await take(builder, database, batch([seen, unseen, seen], time_s=T + 1))
    names: dict[Any, Any] = dict(await database.rows("SELECT id, text FROM name"))
    assert [names[row[2]] for row in first + second] == [
        *("a.example", "a.example", "a.example", "b.example", "a.example")
    ]
    assert [row[4] for row in first + second] == [100] * 5


async def test_a_member_of_a_group_of_whom_all_may_be_told_is_known_as_quickly(
    database: Database,
) -> None:
    builder = await a_builder(database)
    record = report("a.example"), Who("192.0.2.7", "", "kids", Telling(names=True, rows=True))
    await take(builder, database, Batch(T, 100, [record]))
    builder.take([Batch(T + 1, 100, [record] * 3)])
    assert len(builder.rows) == 3 * ROW_WIDTH  # without asking the database


async def test_rows_and_counts_tell_how_a_query_came(database: Database) -> None:
    builder = await a_builder(database)
    seen = report()
    batches = [batch([seen] * 2, time_s=T, channel=channel) for channel in TRANSPORTS]
    unknown = await take(builder, database, *batches)
    known = await take(builder, database, batch([seen], time_s=T + 1, channel="quic"))
    assert [row[5] for row in unknown + known] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5]
    (counts,) = builder.collect()
    assert counts.transports == {0: 2, 1: 2, 2: 2, 3: 2, 4: 2, 5: 3}


async def test_ids_are_the_time_in_microseconds_and_only_ever_grow(database: Database) -> None:
    builder = await a_builder(database)
    seen = report()
    rows = await take(
        builder,
        database,
        batch([seen] * 3, time_s=T),
        batch([seen] * 2, time_s=T),
        batch([seen], time_s=T - 5),
        batch([seen], time_s=T + 1),
    )
    ids = [row[0] for row in rows]
    base = int(T * 1e6)
    assert ids == [*range(base, base + 6), base + 1_000_000]


async def test_ids_go_on_after_what_the_database_has(database: Database) -> None:
    newest = int(T * 1e6) + 10
    await database.rows("INSERT INTO query VALUES (?, 1, 1, 1, 1, 0, 0, 0)", (newest,))
    builder = await a_builder(database)
    rows = await take(builder, database, batch([report()], time_s=T))
    assert rows[0][0] == newest + 1


async def test_a_clock_set_back_by_hours_is_followed(database: Database) -> None:
    builder = await a_builder(database)
    await take(builder, database, batch([report()], time_s=T))
    back = T - 2 * CLOCK_STEP_US / 1e6
    rows = await take(builder, database, batch([report()], time_s=back))
    assert rows[0][0] == int(back * 1e6)


async def test_a_clock_set_back_by_minutes_is_followed_too(database: Database) -> None:
    """Else all rows would pile up in one minute until it has caught up."""
    builder = await a_builder(database)
    await take(builder, database, batch([report()], time_s=T))
    for minutes in range(59, 0, -1):
        moment = T - minutes * 60
        rows = await take(builder, database, batch([report()], time_s=moment))
        assert rows[0][0] == int(moment * 1e6)


async def test_ids_that_are_taken_are_passed_over(database: Database) -> None:
    base = int((T - 600) * 1e6)
    taken = [*range(base, base + 40), *range(base + 50, base + 55), int(T * 1e6)]
    for ident in taken:
        await database.rows("INSERT INTO query VALUES (?, 1, 1, 1, 1, 0, 0, 0)", (ident,))
    builder = await a_builder(database)
    given: list[int] = []
    for moment in (T - 600, T - 600, T - 600 - 1000e-6, T - 600 + 30e-6):
        builder.take([batch([report()] * 7, time_s=moment)])
        await builder.settle(database)
        values = await builder.take_rows(database)
        given += values[::ROW_WIDTH]
        await database.insert(INSERT_ROWS, ROW_WIDTH, values)
    assert len(given) == len({*given, *taken}) - len(taken) == 28
    assert given[:14] == [*range(base + 40, base + 50), *range(base + 55, base + 59)]


async def test_what_was_seen_later_stays_seen_when_the_clock_goes_back(database: Database) -> None:
    builder = await a_builder(database)
    ahead, now = T + 30 * 86_400, T
    await take(builder, database, batch([report()], time_s=ahead), batch([report()], time_s=now))
    await take(builder, database, batch([report()], time_s=now + 3600))
    for table in ("name", "client", "account"):
        assert await database.value(f"SELECT seen FROM {table}") == int(ahead) // 3600 * 3600


async def test_no_batch_spans_two_minutes(database: Database) -> None:
    builder = await a_builder(database)
    end = (int(T) // 60 + 1) * 60
    rows = await take(builder, database, batch([report()] * 20, time_s=end - 5e-6))
    assert {row[0] // MINUTE_US for row in rows} == {end // 60}
    assert [(counts.start_s, counts.answers.total()) for counts in builder.collect()] == [(end, 20)]


async def test_counts_say_what_the_rows_say(database: Database) -> None:
    builder = await a_builder(database)
    good, bad = report("a.example"), blocked("ads.example")
    fresh = report("a.example", Outcome.FORWARDED, upstream="192.0.2.53:53")
    for moment in (T, T + 1, T + 60):
        await take(
            builder,
            database,
            batch([good, bad, good], client="192.0.2.1", time_s=moment),
            batch([bad], client="192.0.2.2", time_s=moment, duration_us=7),
            batch([fresh], client="192.0.2.2", time_s=moment, duration_us=9000),
        )
    first, second = builder.collect()
    assert (first.start_s, second.start_s) == (int(T) // 60 * 60, int(T) // 60 * 60 + 60)
    names: dict[Any, Any] = dict(await database.rows("SELECT text, id FROM name"))
    clients: dict[Any, Any] = dict(await database.rows("SELECT text, id FROM client"))
    assert first.names == {names["a.example"]: [6, 0], names["ads.example"]: [4, 4]}
    assert first.clients == {clients["192.0.2.1"]: [6, 2], clients["192.0.2.2"]: [4, 2]}
    assert first.upstreams == {"192.0.2.53:53": [2, 18_000]}
    assert dict(first.durations) == {100: 6, 7: 2, 9000: 2}
    assert dict(first.answers) == {
        (Outcome.CACHED, 1, 0, ""): 4,
        (Outcome.BLOCKED, 1, 0, "Starter"): 4,
        (Outcome.FORWARDED, 1, 0, ""): 2,
    }
    assert second.answers.total() == 5
    assert builder.collect() == []


async def test_an_upstream_was_asked_also_where_its_answer_is_refused(database: Database) -> None:
    builder = await a_builder(database)
    asked = report("a.example", Outcome.BLOCKED_ANSWER, upstream="192.0.2.53:53")
    again = report("a.example", Outcome.BLOCKED_ANSWER)
    await take(builder, database, batch([asked, again], duration_us=9000, time_s=T))
    await take(builder, database, batch([asked, again], duration_us=9000, time_s=T))
    (counts,) = builder.collect()
    assert counts.upstreams == {"192.0.2.53:53": [2, 18_000]}


async def test_queries_refused_unseen_count_but_not_for_a_name(database: Database) -> None:
    builder = await a_builder(database)
    unseen = report(".", Outcome.REFUSED, qtype=0, rcode=5)
    rows = await take(builder, database, batch([unseen, unseen], time_s=T))
    (counts,) = builder.collect()
    assert [row[2] for row in rows] == [0, 0]
    assert counts.answers.total() == 2 and counts.names == {}
    assert await database.value("SELECT count(*) FROM name") == 0


async def test_another_hour_marks_values_as_seen_again(database: Database) -> None:
    builder = await a_builder(database)
    seen = report()
    await take(builder, database, batch([seen], time_s=T))
    await take(builder, database, batch([seen], time_s=T + HOUR_US / 1e6))
    hour = int(T) // 3600 * 3600 + 3600
    for table in ("name", "client", "account"):
        assert await database.rows(f"SELECT seen FROM {table}") == [(hour,)]
    assert [counts.answers.total() for counts in builder.collect()] == [1, 1]


async def test_a_rule_is_read_once_and_again_when_lists_have_changed(database: Database) -> None:
    asked: list[Cause] = []
    readers: set[int] = set()

    def rule_text(cause: Cause) -> str:
        asked.append(cause)
        readers.add(threading.get_ident())
        return f"||rule-{cause.line}-{len(asked)}^"

    rules = RuleTexts(rule_text)
    builder = await RowBuilder.load(database, rules, LogTerms())
    for _ in range(3):
        await take(builder, database, batch([blocked(line=7)], time_s=T))
    assert asked == [Cause("Starter", 7)]
    rules.forget()
    await take(builder, database, batch([blocked(line=7)], time_s=T))
    texts = await database.rows("SELECT rule FROM account ORDER BY id")
    assert texts == [("||rule-7-1^",), ("||rule-7-2^",)]
    assert threading.get_ident() not in readers


async def test_a_rule_that_can_t_be_read_costs_its_text_only(database: Database) -> None:
    def rule_text(cause: Cause) -> str:
        if cause.line == 1:
            raise ListError(cause.list_name, "it is gone")
        return "bytes that are no text: \udcff"

    builder = await a_builder(database, rule_text)
    await take(builder, database, batch([blocked(line=1), blocked(line=2)], time_s=T))
    rows = await database.rows("SELECT line, rule FROM account ORDER BY line")
    assert rows == [(1, ""), (2, "bytes that are no text: ?")]


async def test_without_detail_nothing_is_stored_that_only_rows_need(database: Database) -> None:
    builder = await a_builder(database, enabled=False)
    await take(builder, database, batch([report(), blocked()], time_s=T))
    (counts,) = builder.collect()
    assert await database.value("SELECT count(*) FROM account") == 0
    assert len(counts.names) == 2 and counts.answers.total() == 2


async def test_after_an_undone_transaction_everything_is_learnt_again(database: Database) -> None:
    builder = await a_builder(database)
    seen = report()
    await database.begin()
    await take(builder, database, batch([seen], time_s=T))
    await database.rollback()
    builder.forget()
    rows = await take(builder, database, batch([seen], time_s=T + 1))
    assert await database.rows("SELECT id, text FROM name") == [(rows[0][2], "www.example.org")]


async def test_no_more_than_so_many_reports_are_remembered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("MOST_REMEMBERED", "MOST_REPORTS"):
        monkeypatch.setattr(row_builder_module, bound, 10)
    builder = await a_builder(database)
    reports = [report(f"host{number}.example") for number in range(35)]
    for _ in range(2):
        for number, entry in enumerate(reports):
            await take(builder, database, batch([entry], client=f"192.0.2.{number}", time_s=T))
    assert len(builder._known_reports) <= 10 and len(builder._known_clients) <= 10
    (counts,) = builder.collect()
    assert sorted(counts.names.values()) == [[2, 0]] * 35
    assert sorted(counts.clients.values()) == [[2, 0]] * 35


async def test_as_many_are_remembered_as_a_house_with_classes_asks_for(database: Database) -> None:
    builder = await a_builder(database)
    reports = [report("www.example.org") for _ in range(25_000)]
    for _ in range(2):
        await take(builder, database, batch(reports, time_s=T))
    assert len(builder._known_reports) == len(reports)
