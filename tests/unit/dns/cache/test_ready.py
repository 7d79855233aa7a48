"""How a finished reply ages."""

from __future__ import annotations

import sys
from math import inf

import dnslib

from sinkhole.dns.cache.answer import TtlLimits, answer_of
from sinkhole.dns.cache.ready import OVERHEAD_BYTES, Ready, ReadyAgain, State, ready_answer
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.dns.wire.write import write_tail
from sinkhole.model.record import Report
from sinkhole.model.verdict import Outcome, Verdict

WWW = from_text("www.example.org")
REPORT = Report(WWW, 1, 0, Verdict(Outcome.CACHED))
QUERY = bytes(dnslib.DNSRecord.question("WwW.example.org").pack())
END = 12 + len(WWW)


def made(ttl: int = 300, now: float = 1000.0) -> Ready:
    said = Reply(0, False, False, (Record(WWW, 1, ttl, b"\xc0\x00\x02\x01"),), ())
    answer = answer_of(said, Question(WWW, 1), TtlLimits(), now)
    return ready_answer(answer, REPORT, 1, do=False, cd=False)


def ttl_of(ready: Ready) -> int:
    return int(dnslib.DNSRecord.parse(ready.give(QUERY, END, edns=False)).rr[0].ttl)


def test_the_reply_has_the_clients_id_and_spelling() -> None:
    read = dnslib.DNSRecord.parse(made().give(QUERY, END, edns=True))
    assert read.header.id == int.from_bytes(QUERY[:2], "big")
    assert str(read.q.qname) == "WwW.example.org."
    assert read.ar[0].rtype == 41


def test_ttls_count_down_once_a_second_until_the_answer_expires() -> None:
    ready = made(ttl=300, now=1000.5)
    assert ttl_of(ready) == 300
    assert ready.fresh_until == 1001.5
    assert ready.age(1001.5)
    assert ttl_of(ready) == 299
    assert ready.age(1300.4)
    assert ttl_of(ready) == 1
    assert ready.fresh_until == 1300.5
    assert not ready.age(1300.5)


def test_an_answer_with_ttl_zero_is_good_for_nobody_else() -> None:
    ready = made(ttl=0)
    assert ready.fresh_until == ready.answer.received if ready.answer else False
    assert ttl_of(ready) == 0


def test_a_fixed_reply_never_ages() -> None:
    ready = Ready(REPORT, 1, write_tail(WWW, []), rcode=3)
    assert ready.fresh_until == inf
    assert ready.age(1e12)


def test_an_expired_answer_comes_back_for_thirty_seconds_marked_as_stale() -> None:
    ready = made(ttl=10, now=0.0)
    stale = Report(WWW, 1, 0, Verdict(Outcome.STALE))
    ready.revive(500.0, stale)
    read = dnslib.DNSRecord.parse(ready.give(QUERY, END, edns=True))
    assert read.rr[0].ttl == 30
    assert read.ar[0].rdata[0].code == 15
    assert bytes(read.ar[0].rdata[0].data)[:2] == b"\x00\x03"
    assert ready.report is stale
    assert ready.fresh_until == 501.0  # a newer answer is looked out for
    assert ready.age(529.0)
    assert dnslib.DNSRecord.parse(ready.give(QUERY, END, edns=True)).rr[0].ttl == 30
    assert ready.fresh_until == 530.0
    assert not ready.age(530.0)


def test_the_overhead_is_about_what_the_objects_take() -> None:
    ready = made()
    objects = [ready, *ready.heads, ready.tail, ready.opt]
    answer = ready.answer
    assert answer is not None
    objects += [answer, answer.tail, answer.tail.data, answer.tail.ttl_offsets, answer.tail.ttls]
    objects += [ready.report, ready.report.verdict, answer.tail.counts]
    size = sum(sys.getsizeof(thing) for thing in objects) - ready.size_bytes + OVERHEAD_BYTES
    assert 0.5 * OVERHEAD_BYTES < size < 1.5 * OVERHEAD_BYTES


def test_an_answer_of_many_records_counts_for_all_that_is_kept_of_them() -> None:
    records = tuple(Record(WWW, 1, 60, i.to_bytes(4, "big")) for i in range(900))
    answer = answer_of(Reply(0, False, False, records, ()), Question(WWW, 1), TtlLimits(), now=0.0)
    ready = ready_answer(answer, REPORT, 1, do=False, cd=False)
    ready.age(5.0)
    data, offsets, ttls, _ = answer.tail
    takes = sum(map(sys.getsizeof, (ready.tail, data, offsets, *offsets, ttls)))
    assert takes < ready.size_bytes < 1.1 * takes


def test_an_answer_may_be_revived_until_it_was_expired_for_as_long_as_the_settings_say() -> None:
    ready = made(ttl=300, now=1000.0)
    assert ready.state(1299.0, 1, stale_s=60.0) is State.AGING
    assert ready.state(1300.0, 1, stale_s=60.0) is State.STALE
    assert ready.state(1359.0, 1, stale_s=60.0) is State.STALE
    assert ready.state(1360.0, 1, stale_s=60.0) is State.GONE
    assert ready.state(1300.0, 1) is State.GONE


def test_what_was_made_here_is_fresh_until_the_policy_changes_and_never_stale() -> None:
    block = Ready(REPORT, 1, write_tail(WWW, []), rcode=0)
    assert block.state(1e12, 1, stale_s=60.0) is State.FRESH
    assert block.state(0.0, 2, stale_s=60.0) is State.OUTDATED
    assert not block.is_answer_since(0.0)


def test_what_is_made_for_a_time_is_gone_after_it() -> None:
    failure = Ready(REPORT, 1, write_tail(WWW, []), rcode=2, until=5.0, failures=1)
    assert failure.state(4.9, 1, stale_s=60.0) is State.FRESH
    assert failure.state(4.9, 2, stale_s=60.0) is State.OUTDATED
    assert failure.state(5.0, 1, stale_s=60.0) is State.GONE


def test_an_answer_counts_as_newer_only_while_it_may_be_given() -> None:
    ready = made(ttl=300, now=1000.0)
    assert ready.is_answer_since(999.0)
    assert not ready.is_answer_since(1000.5)
    assert ready.state(1000.5, 1) is State.FRESH
    assert ready.state(1002.0, 1) is State.AGING
    assert ready.state(1000.5, 2) is State.OUTDATED


def test_another_policy_takes_an_answer_over_and_its_ttls_run_on() -> None:
    ready = made(ttl=300, now=1000.0)
    other = Report(WWW, 1, 0, Verdict(Outcome.CACHED))
    ready.renew(1100.0, 2, other)
    assert (ready.generation, ready.report, ttl_of(ready)) == (2, other, 200)
    assert ready.state(1100.5, 2) is State.FRESH


def test_a_revived_answer_is_fresh_again_and_for_another_policy_still_stale() -> None:
    ready = made(ttl=10, now=0.0)
    ready.revive(500.0, REPORT)
    assert ready.state(500.0, 1, stale_s=3600.0) is State.FRESH
    assert ready.state(501.0, 1, stale_s=3600.0) is State.AGING
    assert ready.state(500.0, 2, stale_s=3600.0) is State.STALE
    assert ready.state(530.0, 1, stale_s=3600.0) is State.STALE


def test_the_seconds_in_which_an_answer_was_asked_for_are_counted_for_all_classes() -> None:
    first = made(ttl=300, now=1000.0)
    kids, adults = (ReadyAgain(first, REPORT, number, do=False) for number in (2, 3))
    for ready, now in ((kids, 1001.5), (adults, 1001.6), (adults, 1002.7), (kids, 1003.1)):
        assert ready.age(now)
    assert kids.ages == adults.ages == first.ages == 3
