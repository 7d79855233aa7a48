"""A table goes over to another size slice by slice, and to the one that is wanted by then."""

from __future__ import annotations

import asyncio

from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table
from sinkhole.dns.pipeline.table_size import SLICE, TableSize
from sinkhole.dns.wire.write import write_tail
from sinkhole.model.faults import Faults
from sinkhole.model.record import Report
from sinkhole.model.verdict import Outcome, Verdict


def full(entries: int) -> Table:
    table, report = Table(1 << 30), Report(b"\0", 1, 0, Verdict(Outcome.LOCAL))
    for number in range(entries):
        table.put(number.to_bytes(8, "big"), Ready(report, 1, write_tail(b"\0", []), rcode=0))
    return table


async def test_it_shrinks_in_slices_to_what_is_wanted_last() -> None:
    table = full(5 * SLICE)
    size, whole = TableSize(table, Faults()), table.size_bytes
    size.use(whole // 2)
    assert len(table.entries) == 5 * SLICE
    await asyncio.sleep(0)
    assert len(table.entries) == 4 * SLICE
    size.use(whole // 10)
    while table.limit_bytes != whole // 10:
        await asyncio.sleep(0)
    assert 0 < table.size_bytes <= whole // 10
    size.use(whole)
    assert table.limit_bytes == whole
    await size.close()
