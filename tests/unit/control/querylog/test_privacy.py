from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from log_kit import Kit, a_log, batch, blocked, report, until

from sinkhole.control.querylog import LogTerms
from sinkhole.control.querylog.privacy import Privacy
from sinkhole.control.settings.schema import LogPrivacy
from sinkhole.control.stats import SqliteCounts, Statistics
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Telling, Who
from sinkhole.model.verdict import Outcome

KIDS = "192.0.2.7"
A_RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x53"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "querylog.db"


@pytest.mark.parametrize(
    ("level", "client", "told"),
    [
        ("full", "192.0.2.7", "192.0.2.7"),
        ("full", "tablet", "tablet"),
        ("anonymous_clients", "192.0.2.7", "192.0.2.0/24"),
        ("anonymous_clients", "2001:db8:1:23ff::7", "2001:db8:1:2300::/56"),
        ("anonymous_clients", "tablet", ""),
        ("no_clients", "192.0.2.7", ""),
        ("no_names", "192.0.2.7", ""),
    ],
)
def test_what_is_told_of_a_client(level: LogPrivacy, client: str, told: str) -> None:
    assert Privacy(level).client(client) == told


def test_clients_are_ignored_by_network_name_or_id() -> None:
    privacy = Privacy(
        ignored_networks=(ip_network("198.51.100.0/24"),),
        ignored_clients=frozenset({"Kids tablet", "phone"}),
        client_name=lambda client, device: "Kids tablet" if client == KIDS else "",
    )
    ignored = ["198.51.100.3", "phone", KIDS]
    assert all(map(privacy.ignores_client, ignored))
    assert not any(map(privacy.ignores_client, ["192.0.2.8", "2001:db8::7", "tablet", ""]))


def test_names_are_ignored_with_all_below_them() -> None:
    privacy = Privacy(ignored_names=frozenset({from_text("example.org")}))
    assert privacy.ignores(report("example.org")) and privacy.ignores(report("a.b.example.org"))
    assert not privacy.ignores(report("anexample.org")) and not privacy.ignores(report("org"))


async def what_is_written(kit: Kit) -> dict[str, Any]:
    """Two queries by two clients, one of them blocked, and what the log tells of them."""
    answered = report("www.example.org", Outcome.FORWARDED, upstream="192.0.2.53:53")
    answered.answered = A_RECORD
    kit.buffer.append(batch([answered], KIDS))
    kit.buffer.append(batch([blocked("ads.example.com")], "192.0.2.99"))
    await until(lambda: kit.counters.queries == 2)
    summary = await Statistics(SqliteCounts(kit.log.reader())).summary()
    return {"rows": await kit.all_rows(), "summary": summary}


async def test_without_names_nothing_in_the_file_tells_them(path: Path) -> None:
    async with a_log(
        path, privacy=Privacy("no_names"), rule_text=lambda cause: "||ads.example.com^"
    ) as kit:
        found = await what_is_written(kit)
        assert {(row["name"], row["client"], row["rule"]) for row in found["rows"]} == {("",) * 3}
        assert {row["list"] for row in found["rows"]} == {"Starter", ""}
        assert found["summary"]["totals"]["blocked"] == 1
        assert found["summary"]["top_names"] == found["summary"]["top_clients"] == []
    data = path.read_bytes()  # noqa: ASYNC240  # nothing runs any more
    for told in (b"example.org", b"ads.example", b"192.0.2.7", b"192.0.2.99", A_RECORD):
        assert told not in data


async def test_clients_without_their_last_bits_are_counted_together(path: Path) -> None:
    async with a_log(path, privacy=Privacy("anonymous_clients")) as kit:
        found = await what_is_written(kit)
        assert {row["client"] for row in found["rows"]} == {"192.0.2.0/24"}
        (client,) = found["summary"]["top_clients"]
        assert client == {"client": "192.0.2.0/24", "count": 2, "blocked": 1}
        assert len(await kit.all_rows(client="192.0.2.0/24")) == 2
    assert b"192.0.2.7" not in path.read_bytes()  # noqa: ASYNC240  # nothing runs any more


@pytest.mark.parametrize("is_counted", [True, False])
async def test_what_is_ignored_has_no_row_and_counts_if_it_may(
    path: Path, is_counted: bool
) -> None:
    privacy = Privacy(
        ignored_networks=(ip_network(f"{KIDS}/32"),),
        ignored_names=frozenset({from_text("example.com")}),
        ignores_counts=not is_counted,
    )
    async with a_log(path, privacy=privacy) as kit:
        kit.buffer.append(batch([report("other.example.net")], "192.0.2.8"))
        for _ in range(2):
            kit.buffer.append(batch([report("www.example.org")], KIDS))
            kit.buffer.append(batch([blocked("ads.example.com")], "192.0.2.99"))
        await kit.written(1)
        await until(lambda: not len(kit.buffer) and not kit.log._writer._is_open)
        assert [row["name"] for row in await kit.all_rows()] == ["other.example.net"]
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary()
        assert summary["totals"]["queries"] == (5 if is_counted else 1)
        assert summary["totals"]["blocked"] == (2 if is_counted else 0)
        assert sum(each["count"] for each in summary["transports"]) == (5 if is_counted else 1)
        assert [each["name"] for each in summary["top_names"]] == ["other.example.net"]
        assert [each["client"] for each in summary["top_clients"]] == ["192.0.2.8"]
    data = path.read_bytes()  # noqa: ASYNC240  # nothing runs any more
    assert b"www.example.org" not in data and b"ads.example.com" not in data


async def test_other_terms_count_from_the_next_record_on(path: Path) -> None:
    async with a_log(path) as kit:
        asked = report("www.example.org")
        kit.buffer.append(batch([asked], KIDS))
        await kit.written(1)
        kit.log.apply(LogTerms(privacy=Privacy("no_clients")))
        kit.buffer.append(batch([asked], KIDS))
        await kit.written(2)
        kit.log.apply(LogTerms(enabled=False))
        kit.buffer.append(batch([asked], KIDS))
        await until(lambda: kit.counters.queries == 3)
        kit.log.apply(LogTerms())
        kit.buffer.append(batch([asked], KIDS))
        await kit.written(3)
        assert [row["client"] for row in await kit.all_rows()] == [KIDS, "", KIDS]
        assert kit.log.status()["dropped"] == 0


# What may be told of one client

SHY = "192.0.2.9"
NAMES = {"shy.example.org", "ads.shy.example.com"}


@pytest.mark.parametrize(
    ("telling", "rows", "queries", "names", "clients"),
    [
        (Telling(), {(SHY, name) for name in NAMES}, 9, 3, 2),
        (Telling(names=False), {(SHY, "")}, 9, 1, 2),
        (Telling(client=False), {("", name) for name in NAMES}, 9, 3, 1),
        (Telling(names=False, client=False), {("", "")}, 9, 1, 1),
        (Telling(rows=False), set(), 9, 3, 2),
        (Telling(counts=False), {(SHY, name) for name in NAMES}, 3, 1, 1),
        (Telling(rows=False, counts=False), set(), 3, 1, 1),
        (Telling(False, False, False, False), set(), 3, 1, 1),
    ],
)
async def test_of_a_client_log_and_statistics_tell_what_may_be_told(
    path: Path,
    telling: Telling,
    rows: set[tuple[str, str]],
    queries: int,
    names: int,
    clients: int,
) -> None:
    shy, asked = Who(SHY, telling=telling), report("shy.example.org")
    refused, anybodys = blocked("ads.shy.example.com"), report("www.example.org")
    async with a_log(path, rule_text=lambda cause: "||ads.shy.example.com^") as kit:
        for _ in range(3):  # from the second time on, what is known is not looked at again
            kit.buffer.append(batch([asked, refused], shy))
            kit.buffer.append(batch([anybodys], KIDS))
            await until(lambda: not len(kit.buffer) and not kit.log._writer._is_open)
        found = [(row["client"], row["name"]) for row in await kit.all_rows()]
        assert found.count((KIDS, "www.example.org")) == 3
        assert set(found) - {(KIDS, "www.example.org")} == rows
        assert len(found) == (9 if rows else 3)
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary()
    assert summary["totals"]["queries"] == kit.counters.queries == queries
    assert sum(each["count"] for each in summary["transports"]) == queries
    assert len(summary["top_names"]) == names
    assert len(summary["top_clients"]) == clients
    if not telling.names:
        data = path.read_bytes()  # noqa: ASYNC240  # nothing runs any more
        assert b"shy.example" not in data


async def test_a_name_that_is_hidden_for_one_client_is_not_for_another(path: Path) -> None:
    shy, asked = Who(SHY, telling=Telling(names=False)), blocked("ads.example.com")
    async with a_log(path) as kit:
        for who in (shy, KIDS, shy, KIDS):
            kit.buffer.append(batch([asked], who))
            await until(lambda: not len(kit.buffer) and not kit.log._writer._is_open)
        found = {(row["client"], row["name"]) for row in await kit.all_rows()}
    assert found == {(SHY, ""), (KIDS, "ads.example.com")}
