"""The table's bounds."""

from __future__ import annotations

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready, ready_answer
from sinkhole.dns.cache.table import Table, shared_key
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.reply import Record
from sinkhole.dns.wire.write import write_tail
from sinkhole.model.record import Report
from sinkhole.model.verdict import Outcome, Verdict


def ready(name: str = "example.org") -> Ready:
    wire_name = from_text(name)
    report = Report(wire_name, 1, 0, Verdict(Outcome.CACHED))
    return Ready(report, 1, write_tail(wire_name, []), rcode=0)


def test_the_table_stays_within_its_bytes() -> None:
    table = Table(limit_bytes=20 * ready().size_bytes)
    for i in range(1000):
        table.put(b"%04d" % i, ready())
    assert table.size_bytes <= table.limit_bytes
    assert 10 < len(table.entries) <= 20
    assert table.evicted == 1000 - len(table.entries)
    assert b"0999" in table.entries


def test_what_is_used_stays() -> None:
    table = Table(limit_bytes=20 * ready().size_bytes)
    table.put(b"loved", ready())
    for i in range(1000):
        table.put(b"%04d" % i, ready())
        table.entries[b"loved"].used = True
    assert b"loved" in table.entries


def test_putting_again_replaces_and_counts_once() -> None:
    table = Table(limit_bytes=1 << 20)
    table.put(b"key", ready())
    size = table.size_bytes
    table.put(b"key", ready())
    assert (len(table.entries), table.size_bytes) == (1, size)
    table.clear()
    assert (len(table.entries), table.size_bytes) == (0, 0)


def test_one_entry_larger_than_the_table_is_kept_until_the_next() -> None:
    table = Table(limit_bytes=1)
    table.put(b"a", ready())
    table.put(b"b", ready())
    assert list(table.entries) == [b"b"]


KEY = from_text("no.example.org") + b"\0\1\0tag."
SIZE = len(from_text("no.example.org"))


def answered(rcode: int) -> Ready:
    soa = Record(from_text("example.org"), 6, 60, bytes(22))
    answer = Answer(rcode, False, write_tail(KEY[:SIZE], [], [soa]), 60, 0.0)
    return ready_answer(answer, ready().report, 1, do=False, cd=False)


def test_a_missing_name_is_missing_for_every_type_as_long_as_it_may_be_kept() -> None:
    table = Table(limit_bytes=1 << 20)
    missing = answered(3)
    table.put_answer(KEY, SIZE, missing)
    other_type = KEY[:SIZE] + b"\0\x1c\0tag."
    assert table.no_such_name(other_type, SIZE, 59.9) is missing
    assert table.no_such_name(other_type, SIZE, 60.0) is None
    for other in (b"\0\x1c\1tag.", b"\0\x1c\2tag.", b"\0\x1c\0tag,"):
        assert table.no_such_name(KEY[:SIZE] + other, SIZE, 1.0) is None
    assert table.no_such_name(b"\1x" + other_type, SIZE + 2, 1.0) is None


def test_any_record_of_a_name_ends_that_and_the_bytes_are_counted() -> None:
    table = Table(limit_bytes=1 << 20)
    table.put_answer(KEY, SIZE, answered(3))
    assert table.size_bytes == sum(
        len(key) + each.size_bytes for key, each in table.entries.items()
    )
    table.put_answer(KEY, SIZE, answered(0))
    assert list(table.entries) == [KEY]
    assert table.size_bytes == len(KEY) + table.entries[KEY].size_bytes
    assert table.no_such_name(KEY, SIZE, 1.0) is None


def test_missing_names_leave_as_others_do() -> None:
    table = Table(limit_bytes=20 * ready().size_bytes)
    for i in range(500):
        name = from_text(f"n{i}.example.org")
        table.put_answer(name + KEY[SIZE:], len(name), answered(3))
    assert table.size_bytes <= table.limit_bytes
    assert table.size_bytes == sum(each.weight for each in table.entries.values())


def test_what_is_for_everybody_has_a_key_of_its_own() -> None:
    name = from_text("example.org")
    for flags, shared in ((0x00, 0x00), (0x13, 0x03)):
        key = name + b"\0\1" + bytes((flags,)) + b"tag1"
        assert shared_key(key, len(name), b"tag0") == name + b"\0\1" + bytes((shared,)) + b"tag0"


def test_it_shrinks_step_by_step_and_no_put_has_to_evict_the_rest() -> None:
    size = ready().size_bytes + 4
    table = Table(limit_bytes=100 * size)
    for i in range(100):
        table.put(b"%04d" % i, ready())
        table.entries[b"%04d" % i].used = i < 10
    assert not table.approach(20 * size, 10)  # those ten were used, and go to the back
    assert len(table.entries) == 100
    assert not table.approach(20 * size, 50)
    assert (len(table.entries), table.limit_bytes) == (50, table.size_bytes)
    table.put(b"more", ready())
    assert len(table.entries) == 50
    while not table.approach(20 * size, 10):
        assert table.size_bytes <= table.limit_bytes
    assert table.limit_bytes == 20 * size
    assert table.size_bytes <= table.limit_bytes
    assert b"0000" in table.entries
    assert table.approach(1 << 30, 0)
    assert table.limit_bytes == 1 << 30
