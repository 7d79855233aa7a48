"""What an answer leads to: services here; names and addresses are tried by the scenarios."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from world import SimpleFilter

from sinkhole.dns.cache.answer import Answer, TtlLimits, answer_of
from sinkhole.dns.filter.match import Matcher, Rewritten
from sinkhole.dns.pipeline.decide_answer import decide_answer, decide_answer_again
from sinkhole.dns.pipeline.permit import FREELY, Permit, allowed_by
from sinkhole.dns.policy.group import Filter, GroupPolicy
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.model.record import Report
from sinkhole.model.verdict import Cause, Outcome

GONE, TEN = Rewritten(rcode=3), ip_network("10.0.0.0/8")
WWW, CDN = from_text("www.example.org"), from_text("cdn.example.net")
HTTPS = Question(WWW, 65)
TARGET_AND_HINTS = (
    b"\0\1\3CDN\7example\3net\0" + b"\0\4\0\4\xc0\xa8\1\1" + b"\0\6\0\x10\x20\1\x0d\xb8" + bytes(12)
)


def answer(question: Question, *rdatas: bytes) -> Answer:
    records = tuple(Record(WWW, question.qtype, 300, rdata) for rdata in rdatas)
    return answer_of(Reply(0, False, False, records, ()), question, TtlLimits(), 0.0)


def policy(rules: Filter | None = None, **parts: Any) -> GroupPolicy:
    return GroupPolicy(filter=rules or Matcher(()), **{"rebinding": None, **parts})


def view(by: GroupPolicy | None = None) -> View:
    return View(Policy(), by or policy())


def report(said: Answer, question: Question, permit: Permit, by: GroupPolicy) -> Report:
    return decide_answer(question, view(by), said, permit, "192.0.2.53")[1]


@pytest.mark.parametrize(
    ("by", "list_name", "hop"),
    [
        (policy(SimpleFilter(["example.net"])), "Starter", "CDN.example.net"),
        (policy(SimpleFilter(addresses=["192.168.0.0/16"])), "Addresses", "192.168.1.1"),
        (policy(SimpleFilter(addresses=["2001:db8::/32"])), "Addresses", "2001:db8::"),
        (policy(rebinding=Rebinding()), "rebinding protection", "192.168.1.1"),
    ],
    ids=["target", "ipv4hint", "ipv6hint", "rebinding"],
)
@pytest.mark.parametrize("qtype", [64, 65])
def test_services_lead_to_their_target_and_hints(
    by: GroupPolicy, list_name: str, hop: str, qtype: int
) -> None:
    question = Question(WWW, qtype)
    verdict = report(answer(question, TARGET_AND_HINTS), question, FREELY, by).verdict
    assert (verdict.outcome, verdict.cause.list_name) == (Outcome.BLOCKED_ANSWER, list_name)
    assert (verdict.hop, verdict.upstream) == (hop.lower(), "192.0.2.53")


def test_a_service_that_leads_nowhere_bad_passes() -> None:
    said = answer(HTTPS, b"\0\1\0", b"\0\1\0\0\4\0\4\0\0\0\0", b"\xff")
    by = policy(SimpleFilter(["example.net"]), rebinding=Rebinding())
    assert report(said, HTTPS, FREELY, by).verdict.outcome is Outcome.FORWARDED


def test_records_of_other_types_hold_no_addresses() -> None:
    question = Question(WWW, 16)
    said = answer(question, b"\3\x0a\0\0")
    assert report(said, question, FREELY, policy(rebinding=Rebinding())).verdict.outcome == 0


def test_an_address_of_an_odd_size_is_none() -> None:
    question = Question(WWW, 1)
    by = policy(SimpleFilter(addresses=["0.0.0.0/0"]), rebinding=Rebinding())
    assert report(answer(question, b"\x0a\0\0"), question, FREELY, by).verdict.outcome == 0


def test_what_an_exception_lets_pass() -> None:
    question = Question(WWW, 1)
    said = answer(question, b"\x0a\0\0\1")
    allowed = allowed_by(Cause("Mine", 1))
    by_list = policy(SimpleFilter(addresses=["10.0.0.0/8"]))
    assert report(said, question, allowed, by_list).verdict.allowed
    for by in (policy(rebinding=Rebinding()), policy(bogus=BogusAddresses([TEN]))):
        assert not report(said, question, allowed, by).verdict.allowed


def test_what_a_list_allows_or_rewrites_is_not_refused_on_the_way() -> None:
    said = answer(HTTPS, TARGET_AND_HINTS)
    for rules in (SimpleFilter(allow=["example.net"]), SimpleFilter(rewrite={"example.net": GONE})):
        assert report(said, HTTPS, FREELY, policy(rules)).verdict.outcome is Outcome.FORWARDED


def test_an_answer_is_taken_over_only_if_it_came_the_same_way() -> None:
    question = Question(WWW, 1)
    said = answer(question, b"\xc0\0\2\1")
    known = decide_answer(question, view(), said, FREELY, "")[0]
    led = Permit(outcome=Outcome.REWRITTEN, front=(Record(WWW, 5, 10, CDN),))
    assert decide_answer_again(question, view(), known, led, 1.0) is None
    newer = view(policy(generation=9))
    assert decide_answer_again(question, newer, known, FREELY, 1.0) is known
    assert known.generation == 9


def test_the_report_has_what_was_answered_and_what_was_refused_instead() -> None:
    said = answer(HTTPS, TARGET_AND_HINTS)
    passed = report(said, HTTPS, FREELY, policy())
    assert passed.answered is said.tail.data and passed.refused == b""
    by = policy(SimpleFilter(["example.net"]))
    ready, first = decide_answer(HTTPS, view(by), said, FREELY, "192.0.2.53")
    for told in (ready.report, first):
        assert told.answered is ready.tail and told.refused is said.tail.data
    assert ready.size_bytes >= len(said.tail.data), "they stay with it, and count"
