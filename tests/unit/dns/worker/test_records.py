"""What is said once and then by number is the same on the other side, and the same object."""

from __future__ import annotations

import pytest

from sinkhole.dns.worker import records as records_module
from sinkhole.dns.worker.records import RecordPacker, RecordUnpacker
from sinkhole.model.record import EVERYTHING, Batch, QueryRecord, Report, Telling, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict

NAME = b"\7example\3org\0"
ADS = Verdict(Outcome.BLOCKED, Cause("Ads", 7), hop="a.example.net", detail="below it")
KEPT = Verdict(Outcome.CACHED, allowed=True, upstream="tls://dns.example.org")
REPORTS = [
    Report(NAME, 1, 0, ADS),
    Report(NAME, 28, 3, ADS, b"answer", b"refused"),
    Report(NAME, 1, 0, KEPT),
]
WHOS = [
    Who("192.0.2.1"),
    Who("tablet", "00:00:5e:00:53:01", "children", Telling(names=False, rows=False)),
]


def batch(*records: QueryRecord) -> Batch:
    return Batch(1_700_000_000.25, 120, list(records), "tls")


def passed(packer: RecordPacker, unpacker: RecordUnpacker, *batches: Batch) -> list[Batch]:
    return unpacker.unpack(packer.pack(batches))


def shown(record: QueryRecord) -> list[object]:
    report, who = record
    verdict = report.verdict
    return [
        *(report.name, report.qtype, report.rcode, report.answered, report.refused),
        *(verdict.outcome, verdict.cause, verdict.allowed, verdict.hop, verdict.upstream),
        *(verdict.detail, who.text, who.device, who.group, who.telling),
    ]


def test_all_that_is_said_arrives() -> None:
    sent = [(report, who) for report in REPORTS for who in WHOS]
    (first, second) = passed(RecordPacker(), RecordUnpacker(), batch(*sent), batch())
    assert first[:2] == (1_700_000_000.25, 120) and first.channel == "tls"
    assert [shown(each) for each in first.records] == [shown(each) for each in sent]
    assert second == batch()
    assert isinstance(first.records[0][0].verdict.outcome, Outcome)
    assert first.records[0][1].telling is EVERYTHING


def test_what_was_one_object_is_one_object() -> None:
    packer, unpacker = RecordPacker(), RecordUnpacker()
    sent = batch((REPORTS[0], WHOS[0]), (REPORTS[0], WHOS[1]), (REPORTS[1], WHOS[0]))
    (first,), (second,) = passed(packer, unpacker, sent), passed(packer, unpacker, sent)
    (one, two, three) = first.records
    assert one[0] is two[0] is not three[0]
    assert one[0].verdict is three[0].verdict
    assert one[1] is three[1] is not two[1]
    assert [id(report) for report, _ in first.records] == [
        id(report) for report, _ in second.records
    ]


def test_what_is_known_takes_a_few_bytes() -> None:
    packer = RecordPacker()
    records = [(REPORTS[0], WHOS[0])] * 100
    packer.pack([batch(*records)])
    assert len(packer.pack([batch(*records)])) < 8 * len(records) + 60


@pytest.mark.parametrize("bound", ["MOST_REPORTS", "MOST_WHOS"])
def test_when_the_numbers_are_used_up_both_begin_anew(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_module, bound, 2)
    packer, unpacker = RecordPacker(), RecordUnpacker()
    for number in range(10):
        report, who = Report(NAME, number, 0, KEPT), Who(f"192.0.2.{number}")
        (found,) = passed(packer, unpacker, batch((report, who)))
        assert [shown(each) for each in found.records] == [shown((report, who))]
    assert len(unpacker._reports) <= 2 and len(unpacker._whos) <= 2


@pytest.mark.parametrize("message", [b"", b"\x00", b"N", b"[\x00\x00\x00\x00"])
def test_what_is_no_message_is_told(message: bytes) -> None:
    with pytest.raises((ValueError, EOFError, TypeError)):
        RecordUnpacker().unpack(message)
