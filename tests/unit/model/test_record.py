"""The buffer between the planes: batches in order, and the oldest gone when it is full."""

from __future__ import annotations

from sinkhole.model.record import Batch, QueryRecord, RecordBuffer, Report, Who
from sinkhole.model.verdict import Outcome, Verdict

RECORD: QueryRecord = (Report(b"\0", 1, 0, Verdict(Outcome.CACHED)), Who("192.0.2.7"))


def batch(number: int, size: int) -> Batch:
    return Batch(float(number), 0, [RECORD] * size)


def test_batches_come_out_whole_and_in_order() -> None:
    buffer = RecordBuffer()
    for number, size in enumerate((3, 4, 5)):
        buffer.append(batch(number, size))
    assert len(buffer) == 12
    assert [taken.time_s for taken in buffer.drain(4)] == [0.0, 1.0]
    assert len(buffer) == 5
    assert [taken.time_s for taken in buffer.drain(100)] == [2.0]
    assert (len(buffer), buffer.drain(100)) == (0, [])


def test_a_full_buffer_drops_the_oldest_batches_and_counts_their_records() -> None:
    buffer = RecordBuffer(limit=10)
    for number in range(4):
        buffer.append(batch(number, 4))
    assert (len(buffer), buffer.dropped) == (8, 8)
    assert [taken.time_s for taken in buffer.drain(100)] == [2.0, 3.0]


def test_a_batch_that_can_never_fit_is_dropped_as_well() -> None:
    buffer = RecordBuffer(limit=10)
    buffer.append(batch(0, 11))
    assert (len(buffer), buffer.dropped) == (0, 11)
