from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from log_kit import a_log, batch, report

from sinkhole.control.querylog.answers import MOST_BYTES, answer_text, stored_answer, told_apart
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.reply import Record
from sinkhole.dns.wire.write import write_tail
from sinkhole.model.verdict import Cause, Outcome

NAME = "www.example.org"


def records(*found: tuple[str, int, int, bytes], name: str = NAME) -> bytes:
    """What stands behind the question about a name in a reply with these records."""
    return write_tail(from_text(name), [Record(from_text(o), t, s, d) for o, t, s, d in found]).data


def texts(given_: bytes, name: str = NAME) -> list[str]:
    found = answer_text(stored_answer(given_), name)["records"]
    return [f"{each['name']} {each['ttl']} {each['type']} {each['data']}" for each in found]


def a(owner: str, last: int, ttl: int = 60) -> tuple[str, int, int, bytes]:
    return (owner, n.Type.A, ttl, bytes((192, 0, 2, last)))


def test_an_answer_is_read_as_it_was_given() -> None:
    target = "cdn.example.net"
    answered = records(
        (NAME, n.Type.CNAME, 300, from_text(target)), a(target, 1), a(target, 2), name=NAME
    )
    assert texts(answered) == [
        "www.example.org 300 CNAME cdn.example.net",
        "cdn.example.net 60 A 192.0.2.1",
        "cdn.example.net 60 A 192.0.2.2",
    ]


def test_one_entry_does_for_all_names_with_the_same_answer() -> None:
    here, there = records(a(NAME, 1)), records(a("other.example.com", 1), name="other.example.com")
    assert here == there and texts(there, "other.example.com") == [
        "other.example.com 60 A 192.0.2.1"
    ]


def test_ttls_and_the_order_of_addresses_make_no_other_answer() -> None:
    cname = (NAME, n.Type.CNAME, 300, from_text("cdn.example.net"))
    one = records(cname, a("cdn.example.net", 1), a("cdn.example.net", 2), a("cdn.example.net", 3))
    two = records(
        cname, a("cdn.example.net", 1), a("cdn.example.net", 3, 7), a("cdn.example.net", 2)
    )
    other = records(
        cname, a("cdn.example.net", 1), a("cdn.example.net", 2), a("cdn.example.net", 4)
    )
    assert told_apart(one, b"") == told_apart(two, b"") != told_apart(other, b"")
    assert told_apart(one, b"") != told_apart(one, two)


def test_nothing_is_kept_of_nothing() -> None:
    assert told_apart(b"", b"") == b""


def test_what_is_too_long_is_cut_behind_a_whole_record() -> None:
    many = records(*(a(NAME, number) for number in range(200)))
    assert len(stored_answer(many)) <= MOST_BYTES + 2
    found = answer_text(stored_answer(many), NAME)
    assert len(found["records"]) == MOST_BYTES // 16
    assert found["cut_bytes"] == len(many) - 16 * (MOST_BYTES // 16)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_whatever_is_stored_reading_it_never_raises(stored: bytes, name: str) -> None:
    """A damaged entry has records or none, but costs nobody the page."""
    assert answer_text(stored, name)["cut_bytes"] >= 0


_NAMES = st.sampled_from([NAME, "example.org", "cdn.example.net", "a.cdn.example.net", "org"])


@given(
    st.lists(
        st.one_of(
            st.tuples(_NAMES, st.integers(0, 255)).map(lambda each: a(*each)),
            st.tuples(_NAMES, _NAMES).map(
                lambda each: (each[0], int(n.Type.CNAME), 300, from_text(each[1]))
            ),
            st.tuples(_NAMES, st.binary(min_size=1, max_size=9)).map(
                lambda each: (each[0], int(n.Type.TXT), 5, bytes((len(each[1]),)) + each[1])
            ),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_record_that_was_written_is_read(
    written: list[tuple[str, int, int, bytes]],
) -> None:
    """What is stored of any answer has as many records as it had, each with its owner and TTL."""
    found = answer_text(stored_answer(records(*written)), NAME)
    assert [(each["name"], each["ttl"]) for each in found["records"]] == [
        (owner, ttl) for owner, _, ttl, _ in written
    ]


async def test_the_log_tells_what_was_answered_and_what_was_refused(tmp_path: Path) -> None:
    async with a_log(tmp_path / "querylog.db") as kit:
        refused = report("ads.example.org", Outcome.BLOCKED_ANSWER, cause=Cause("Ads", 7))
        refused.answered = records(
            ("ads.example.org", n.Type.A, 10, bytes(4)), name="ads.example.org"
        )
        refused.refused = records(a("ads.example.org", 66), name="ads.example.org")
        plain = report("www.example.org")
        plain.answered = records(a(NAME, 1))
        kit.buffer.append(batch([refused, plain, report("none.example.org")] * 2))
        await kit.written(6)
        none, told, blocked = (await kit.all_rows())[:3]
        assert none["answer"] is None and none["original_answer"] is None
        assert told["answer"]["records"][0]["data"] == "192.0.2.1"
        assert told["original_answer"] is None
        assert blocked["answer"]["records"][0]["data"] == "0.0.0.0"
        assert blocked["original_answer"]["records"][0]["data"] == "192.0.2.66"
        database = kit.log._writer.file.database
        assert database is not None
        assert await database.value("SELECT count(*) FROM answer") == 2


async def test_answers_are_kept_only_where_they_are_wanted(tmp_path: Path) -> None:
    async with a_log(tmp_path / "querylog.db", answers=False) as kit:
        plain = report("www.example.org")
        plain.answered = records(a(NAME, 1))
        kit.buffer.append(batch([plain]))
        await kit.written(1)
        assert (await kit.all_rows())[0]["answer"] is None
