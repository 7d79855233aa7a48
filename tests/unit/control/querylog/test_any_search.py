"""Whatever is sought, a search finds exactly the rows that meet it, told the plainest way; and
judging rows one by one comes to the same."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_kit import batch, blocked, fill, patient, report

from sinkhole.control.database import Database, Reader
from sinkhole.control.querylog import filters, hour_index, id_sets, search
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.judging import row_test
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.querylog.sought import Sought, SoughtName
from sinkhole.control.querylog.views import thaw
from sinkhole.model.verdict import Cause, Outcome

NOW = 1_700_000_000.0
HOURS = 60

CALLED = {"192.0.2.1": "Kids tablet", "192.0.2.2": "TV", "2001:db8::1": "Kids phone"}
CLIENTS = [*CALLED, "192.0.2.77", "laptop"]
UPSTREAMS = ["192.0.2.53:53", "tls://dns.example.net"]
REPORTS = [
    report("www.example.org"),
    report("www.example.org", qtype=28),
    report("www.example.org", Outcome.FORWARDED, upstream=UPSTREAMS[0]),
    report("www.example.org", Outcome.FORWARDED, qtype=65, upstream=UPSTREAMS[1]),
    report("münchen.example.org", Outcome.FORWARDED, upstream=UPSTREAMS[0]),
    report("example.org", rcode=3),
    report("mail.example.net", Outcome.FAILED, rcode=2),
    blocked("ads.example.com", "Ads"),
    blocked("ads.example.com", "Trackers"),
    report("cdn.example.com", Outcome.BLOCKED_ANSWER, cause=Cause("Ads", 3), hop="ads.example.com"),
    report("tablet.example.net", Outcome.LOCAL),
    report(".", Outcome.MALFORMED, qtype=0, rcode=1),
]
ANSWERED = {
    REPORTS[0]: ("c00c 0001 0001 0000003c 0004 c0000207", ""),  # A 192.0.2.7
    REPORTS[1]: ("c00c 001c 0001 0000003c 0010 20010db8 00000000 00000000 00000007", ""),
    # HTTPS 1 . ipv4hint=192.0.2.7
    REPORTS[3]: ("c00c 0041 0001 0000003c 000b 0001 00 0004 0004 c0000207", ""),
    # What looks like an address, but is text.
    REPORTS[5]: ("c00c 0010 0001 0000003c 0005 04 c0000207", ""),
    REPORTS[9]: ("c00c 0001 0001 0000003c 0004 00000000", "c00c 0001 0001 0000003c 0004 c6336407"),
}
for _each, (_given, _original) in ANSWERED.items():
    _each.answered, _each.refused = bytes.fromhex(_given), bytes.fromhex(_original)


def several(values: list[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), max_size=most).map(tuple)


NAMES = ["www", "example", "MÜNCHEN", "xn--mnchen-3ya.example.org", "ads.example.com", "nothing"]
SOUGHT = st.builds(
    Sought,
    from_s=st.none() | st.integers(-HOURS, 1).map(lambda hour: NOW + hour * 3600.0),
    text=st.sampled_from(["", "", "", "tablet", "münch", "2.1", "laptop", "nothing"]),
    names=st.lists(
        st.builds(SoughtName, st.sampled_from(NAMES), st.sampled_from(["part", "exact", "below"])),
        max_size=2,
    ).map(tuple),
    clients=several([*CLIENTS, "192.0.2.0/28", "2001:db8::/32", "kids", "nobody"]),
    lists=several(["Ads", "Trackers", "None"]),
    upstreams=several([*UPSTREAMS, "none"]),
    transports=several(["udp", "tls", "quic"]),
    rcodes=several(["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"]),
    verdicts=several(["blocked", "allowed", "failed", "blocked_answer", "cached"]),
    types=several(["A", "AAAA", "HTTPS", "MX"]),
    answers=st.one_of(
        st.just(()),
        several(["192.0.2.7", "192.0.2.0/29", "198.51.0.0/16", "2001:db8::/32", "192.0.2.9"]),
    ),
)


def called(client: str, device: str) -> str:
    return CALLED.get(client, "")


def fits_name(row: Any, name: SoughtName) -> bool:
    stored = "xn--mnchen-3ya.example.org" if name.text.startswith("xn--") else name.text.lower()
    spelled = {row["name"], row.get("name_unicode", row["name"])}
    if name.kind == "part":
        return any(stored in each for each in spelled)
    if name.kind == "exact":
        return stored in spelled
    return any(each == stored or each.endswith(f".{stored}") for each in spelled)


def fits_client(row: Any, wanted: str) -> bool:
    try:
        return ip_address(row["client"]) in ip_network(wanted, strict=False)
    except ValueError:
        called = CALLED.get(row["client"], "").casefold()
        return wanted == row["client"] or wanted.casefold() in called


def fits_answer(row: Any, wanted: str) -> bool:
    network = ip_network(wanted, strict=False)
    records = [
        record
        for answer in (row["answer"], row["original_answer"])
        for record in (answer["records"] if answer else ())
    ]
    texts = [each["data"].split("ipv4hint=")[-1] for each in records if each["type"] != "TXT"]
    return any(ip_address(text) in network for text in texts)


def fits(row: Any, sought: Sought) -> bool:
    """Every condition in the plainest way."""

    def any_of(values: tuple[str, ...], *of_row: str) -> bool:
        return not values or any(each in of_row for each in values)

    verdict = "blocked" if row["blocked"] else "allowed"
    kind = Outcome[row["outcome"].upper()].kind
    called = CALLED.get(row["client"], "").casefold()
    text = sought.text
    return (
        (sought.from_s is None or row["time"] >= sought.from_s)
        and (not sought.names or any(fits_name(row, each) for each in sought.names))
        and (not sought.clients or any(fits_client(row, str(each)) for each in sought.clients))
        and (
            not text or fits_name(row, SoughtName(text)) or text in row["client"] or text in called
        )
        and any_of(sought.transports, row["transport"])
        and any_of(sought.types, row["type"])
        and any_of(sought.rcodes, row["rcode"])
        and any_of(sought.upstreams, row["upstream"])
        and any_of(tuple(map(str, sought.lists)), row["list"])
        and (not sought.answers or any(fits_answer(row, each) for each in sought.answers))
        and any_of(sought.verdicts, verdict, kind, row["outcome"])
    )


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Hours of few queries, most of them noted for searches, some noted before the last came."""
    database, _ = await open_database(tmp_path / "querylog.db")
    chance = random.Random(5)

    def an_hour(hour: int, count: int, begin_s: float = 0) -> list[Any]:
        return [
            batch(
                [chance.choice(REPORTS[:3] if chance.random() < 0.6 else REPORTS)],
                chance.choice(CLIENTS),
                NOW - (HOURS - hour) * 3600 + begin_s + number * 30,
                channel="udp" if chance.random() < 0.8 else "tls",
            )
            for number in range(count)
        ]

    for hour in range(HOURS):
        await fill(database, an_hour(hour, 12))
    async with database.transaction():
        while await hour_index.index_hour(database, NOW - 10 * 3600):
            pass
    await fill(database, an_hour(20, 3, 900))  # the clock was set back
    async with database.transaction():
        await hour_index.index_hour(database, NOW - 10 * 3600)
    yield database
    await database.close()


async def everything(history: History, sought: Sought, limit: int) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        page = await history.search(sought, limit=limit, cursor=cursor)
        found += page["queries"]
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.fixture
def is_small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of few, so that small logs have many."""
    if not request.param:
        return
    sizes = {"FIRST_ROWS": 7, "MOST_READ": 9, "FIRST_HOURS": 2, "MOST_HOURS": 5}
    for name, value in sizes.items():
        monkeypatch.setattr(search, name, value)
    monkeypatch.setattr(filters, "FEW", 1)
    monkeypatch.setattr(id_sets, "VALUES_A_SLICE", 3)
    monkeypatch.setattr(hour_index, "MOST_ROWS", 4)


@pytest.mark.parametrize("is_small", [False, True], indirect=True)
@pytest.mark.usefixtures("is_small")
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sought=SOUGHT, limit=st.sampled_from([7, 40, 200]))
async def test_a_search_finds_what_a_look_at_every_row_finds(
    database: Database, sought: Sought, limit: int
) -> None:
    reader = Reader(database.path)
    try:
        history = patient(reader, client_name=called)
        rows = await everything(history, Sought(), 200)
        assert len(rows) == HOURS * 12 + 3
        expected = [row for row in rows if fits(row, sought)]
        assert list(filter(row_test(sought, called), rows)) == expected
        assert await everything(history, sought, limit) == expected
        frozen = thaw(await history.freeze(sought))
        assert frozen.through is not None
        assert await everything(history, frozen, 200) == expected
    finally:
        await reader.close()
