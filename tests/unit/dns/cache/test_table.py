"""The table's bounds."""

from __future__ import annotations

from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table
from sinkhole.dns.wire.name import from_text
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
