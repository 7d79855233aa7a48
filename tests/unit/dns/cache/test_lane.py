"""What is answered byte for byte: spelled out once for all classes that get the same."""

from __future__ import annotations

from math import inf

import pytest

from sinkhole.dns.cache import lane as lane_module
from sinkhole.dns.cache.answer import TtlLimits, answer_of
from sinkhole.dns.cache.lane import Lane, Lanes, Spelled
from sinkhole.dns.cache.ready import Ready, ReadyAgain, ready_answer
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.dns.wire.write import write_tail
from sinkhole.model.record import Report
from sinkhole.model.verdict import Cause, Outcome, Verdict

WWW = from_text("www.example.org")
QUERY = b"\x01\x00" + bytes(8) + WWW + b"\0\1\0\1"
KIDS, ADULTS = b"\0\0\0\1", b"\0\0\0\2"


def kept() -> Ready:
    said = Reply(0, False, False, (Record(WWW, 1, 300, bytes(4)),), ())
    answer = answer_of(said, Question(WWW, 1), TtlLimits(), 0.0)
    report = Report(WWW, 1, 0, Verdict(Outcome.CACHED))
    return ready_answer(answer, report, 1, do=False, cd=False)


def again(first: Ready, report: Report | None = None) -> Ready:
    ready = ReadyAgain(first, report or first.report, 1, do=False)
    ready.age(0.5)
    return ready


def opened(lanes: Lanes, lane: Lane, ready: Ready, now: float = 0.0) -> Spelled:
    lanes.open(QUERY, lane, ready, ready.give(b"id" + QUERY, 12 + len(WWW), edns=False), now)
    return found(lanes, lane)


def found(lanes: Lanes, lane: Lane) -> Spelled:
    spelled = lanes.find(QUERY, lane)
    assert spelled is not None
    return spelled


def two_lanes() -> tuple[Lanes, Lane, Lane]:
    lanes = Lanes()
    return lanes, lanes.of(KIDS), lanes.of(ADULTS)


def test_a_class_has_one_lane_as_long_as_it_has_clients() -> None:
    lanes = Lanes()
    kids = lanes.of(KIDS)
    opened(lanes, kids, kept())
    assert lanes.of(KIDS) is kids
    assert lanes.of(ADULTS) is not kids
    del kids
    assert lanes.find(QUERY, lanes.of(KIDS)) is None


def test_what_one_class_has_asked_is_not_there_for_another() -> None:
    lanes, kids, adults = two_lanes()
    opened(lanes, kids, kept())
    assert lanes.find(QUERY, adults) is None


def test_what_is_counted_down_for_one_class_is_for_all() -> None:
    (lanes, kids, adults), first = two_lanes(), kept()
    of_kids, of_adults = again(first), again(first)
    opened(lanes, kids, of_kids)
    before = opened(lanes, adults, of_adults).reply
    of_kids.age(7.5)
    opened(lanes, kids, of_kids)
    assert found(lanes, adults).fresh_until == 8.0
    assert found(lanes, adults).reply == found(lanes, kids).reply != before


def refused(line: int, until: float = inf) -> Ready:
    verdict = Verdict(Outcome.BLOCKED, Cause("Ads", line))
    tail = write_tail(WWW, [(WWW, 1, 10, bytes(4))])
    report = Report(WWW, 1, 0, verdict, tail.data)
    return Ready(report, 1, tail, rcode=0, until=until)


def test_classes_share_what_the_same_line_refuses() -> None:
    (lanes, kids, adults), first = two_lanes(), refused(7)
    opened(lanes, kids, first)
    opened(lanes, adults, refused(7))
    assert found(lanes, adults) is found(lanes, kids)
    assert found(lanes, adults).report is first.report
    assert not kids and not adults


def test_what_another_line_refuses_or_ends_some_day_is_spelled_out_apart() -> None:
    lanes, kids, adults = two_lanes()
    opened(lanes, kids, refused(7))
    opened(lanes, adults, refused(8))
    assert found(lanes, adults) is not found(lanes, kids)
    opened(lanes, adults, ends := refused(7, until=60.0))
    assert found(lanes, adults).report is ends.report
    assert found(lanes, kids).fresh_until == inf


def test_who_gets_what_others_get_again_shares_it_again() -> None:
    lanes, kids, adults = two_lanes()
    opened(lanes, kids, refused(7))
    opened(lanes, adults, refused(8))
    assert adults
    opened(lanes, adults, refused(7))
    assert found(lanes, adults) is found(lanes, kids)
    assert not adults


def test_another_report_is_spelled_out_apart() -> None:
    (lanes, kids, adults), first = two_lanes(), kept()
    allowed = Report(WWW, 1, 0, Verdict(Outcome.CACHED, allowed=True))
    opened(lanes, kids, again(first))
    opened(lanes, adults, again(first, allowed))
    assert found(lanes, adults).report is allowed
    assert found(lanes, kids).report is first.report


def test_another_answer_takes_the_place_of_the_one_before() -> None:
    (lanes, kids, adults), first, newer = two_lanes(), kept(), kept()
    opened(lanes, kids, again(first))
    opened(lanes, adults, again(first))
    opened(lanes, kids, again(newer), now=0.7)
    assert found(lanes, kids).report is newer.report
    assert found(lanes, adults).report is first.report


def test_another_answer_is_shared_when_the_one_before_has_aged() -> None:
    (lanes, kids, adults), first, newer = two_lanes(), kept(), kept()
    opened(lanes, kids, again(first))
    opened(lanes, adults, again(first))
    opened(lanes, kids, again(newer), now=found(lanes, kids).fresh_until)
    assert lanes.find(QUERY, adults) is None
    opened(lanes, adults, again(newer), now=found(lanes, kids).fresh_until)
    assert found(lanes, adults) is found(lanes, kids)
    assert not kids and not adults


def test_what_nobody_else_has_is_replaced_where_it_is() -> None:
    lanes, kids, adults = two_lanes()
    opened(lanes, kids, refused(7))
    opened(lanes, kids, again(kept()))
    assert not kids
    assert opened(lanes, adults, refused(8)) is adults[QUERY]


def test_all_lanes_are_cleared_at_once() -> None:
    (lanes, kids, adults), first = two_lanes(), refused(7)
    opened(lanes, kids, first)
    opened(lanes, adults, refused(8))
    lanes.clear()
    assert lanes.find(QUERY, kids) is lanes.find(QUERY, adults) is None
    assert opened(lanes, adults, again(kept())).report is not first.report


def test_under_another_policy_a_class_has_another_lane() -> None:
    lanes, kids, _ = two_lanes()
    opened(lanes, kids, refused(7))
    lanes.start_anew()
    assert lanes.of(KIDS) is not kids
    assert lanes.find(QUERY, lanes.of(KIDS)) is None


def test_classes_beyond_those_that_share_have_lanes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "MAX_SHARING", 1)
    lanes, kids, adults = two_lanes()
    opened(lanes, kids, refused(7))
    assert opened(lanes, adults, refused(7)) is adults[QUERY] is found(lanes, kids)
    opened(lanes, adults, refused(8))
    assert adults[QUERY] is not found(lanes, kids)


def test_when_full_it_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "MAX_LANES", 3)
    lanes = Lanes()
    full = [lanes.of(bytes((0, 0, 0, number))) for number in range(3)]
    for lane in full:
        opened(lanes, lane, kept())
    assert all(lanes.find(QUERY, lane) for lane in full)
    kids = lanes.of(b"\0\0\1\1")
    opened(lanes, kids, kept())
    assert [lanes.find(QUERY, lane) for lane in full] == [None, None, None]
    assert lanes.find(QUERY, kids)
