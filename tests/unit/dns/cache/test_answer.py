"""What is kept of an upstream's reply, and for how long."""

from __future__ import annotations

import pytest

from sinkhole.dns.cache.answer import MAX_LINKS, TtlLimits, answer_of
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.model.errors import WireError

WWW = from_text("www.example.org")
ZONE = from_text("example.org")
QUESTION = Question(WWW, 1)


def a(ttl: int, name: bytes = WWW) -> Record:
    return Record(name, 1, ttl, b"\xc0\x00\x02\x01")


def cname(ttl: int, target: str) -> Record:
    return Record(WWW, 5, ttl, from_text(target))


def soa(ttl: int, minimum: int, zone: bytes = ZONE) -> Record:
    rdata = from_text("ns.example.org") + from_text("x.example.org") + bytes(16)
    return Record(zone, 6, ttl, rdata + minimum.to_bytes(4, "big"))


def reply(*answer: Record, rcode: int = 0, authority: tuple[Record, ...] = ()) -> Reply:
    return Reply(rcode, False, False, answer, authority)


@pytest.mark.parametrize(
    ("said", "ttl_s"),
    [
        (reply(a(300)), 300),
        (reply(a(300), a(20)), 20),
        (reply(a(1_000_000)), 86_400),
        (reply(a(0)), 0),
        (reply(cname(50, "b.example.net"), a(300, from_text("b.example.net"))), 50),
        (reply(rcode=3, authority=(soa(900, 60),)), 60),
        (reply(rcode=3, authority=(soa(30, 60),)), 30),
        (reply(rcode=0, authority=(soa(90_000, 90_000),)), 3_600),
        (reply(rcode=3), 0),
        (reply(rcode=3, authority=(soa(900, 60, from_text("example.com")),)), 0),
        (reply(rcode=3, authority=(soa(900, 60, from_text("a.www.example.org")),)), 0),
        (reply(cname(5, "b.example.net"), rcode=3, authority=(soa(9, 9, from_text("net")),)), 5),
        (reply(rcode=4), 0),
    ],
)
def test_how_long_a_reply_may_be_kept(said: Reply, ttl_s: int) -> None:
    assert answer_of(said, QUESTION, TtlLimits(), now=0.0).ttl_s == ttl_s


def test_min_ttl_lifts_positive_answers_only() -> None:
    limits = TtlLimits(min_ttl_s=120)
    assert answer_of(reply(a(5)), QUESTION, limits, 0.0).ttl_s == 120
    assert answer_of(reply(a(5)), QUESTION, limits, 0.0).tail.ttls == (120,)
    negative = reply(rcode=3, authority=(soa(5, 5),))
    assert answer_of(negative, QUESTION, limits, 0.0).ttl_s == 5


def test_ttls_are_equal_within_an_rrset() -> None:
    assert answer_of(reply(a(300), a(20)), QUESTION, TtlLimits(), 0.0).tail.ttls == (20, 20)


def test_foreign_records_and_foreign_soas_are_not_passed_on() -> None:
    foreign = a(60, from_text("bank.example.com"))
    said = reply(a(60), foreign)
    assert answer_of(said, QUESTION, TtlLimits(), 0.0).tail.counts == (1, 0, 0)
    negative = reply(foreign, rcode=3, authority=(soa(9, 9, from_text("example.com")),))
    assert answer_of(negative, QUESTION, TtlLimits(), 0.0).tail.counts == (0, 0, 0)


def test_cname_targets_are_told() -> None:
    target = from_text("tracker.example.net")
    said = reply(cname(60, "Tracker.example.net"), a(60, target))
    assert answer_of(said, QUESTION, TtlLimits(), 0.0).targets == (target,)


def test_proofs_stay_for_clients_that_set_do() -> None:
    nsec = Record(ZONE, 47, 60, b"x")
    said = reply(rcode=3, authority=(soa(60, 60), nsec))
    assert answer_of(said, QUESTION, TtlLimits(), 0.0).tail.counts == (0, 1, 0)
    assert answer_of(said, QUESTION._replace(do=True), TtlLimits(), 0.0).tail.counts == (0, 2, 0)


def test_a_circle_of_cnames_is_refused() -> None:
    with pytest.raises(WireError):
        answer_of(reply(cname(60, "www.example.org")), QUESTION, TtlLimits(), 0.0)


def test_records_that_fill_more_than_a_message_are_refused() -> None:
    """Compressed names may grow when they are written out, where they may not be compressed."""
    target = b"\x3f" + b"x" * 63 + ZONE
    services = [Record(WWW, 33, 60, bytes(5) + bytes((i % 256,)) + target) for i in range(900)]
    with pytest.raises(WireError, match="fit a message"):
        answer_of(reply(*services), QUESTION._replace(qtype=33), TtlLimits(), 0.0)


X = from_text("x.example.net")
FRONT = (Record(WWW, 5, 10, X),)
"""A CNAME made here, that leads to X."""


def test_addresses_are_read_back_from_what_is_kept() -> None:
    said = reply(cname(60, "x.example.net"), a(60, X), a(60, X), Record(X, 1, 60, b"\1\2"))
    answer = answer_of(said, QUESTION, TtlLimits(), 0.0)
    assert answer.addresses(1) == [b"\xc0\x00\x02\x01"] * 2
    assert answer.addresses(28) == []


def test_other_rdata_is_read_back_as_it_came() -> None:
    said = reply(Record(WWW, 65, 60, b"\0\1\0"), Record(WWW, 65, 60, b"\0\2\1a\0"))
    answer = answer_of(said, QUESTION._replace(qtype=65), TtlLimits(), 0.0)
    assert answer.rdatas(65) == [b"\0\1\0", b"\0\2\1a\0"]
    assert answer.rdatas(1) == []


def test_cnames_made_here_stand_in_front_and_are_counted() -> None:
    answer = answer_of(reply(a(60, X)), QUESTION, TtlLimits(), 0.0, FRONT)
    assert (answer.targets, answer.links, answer.ttl_s) == ((X,), 1, 10)
    assert answer.tail.counts == (2, 0, 0)


def test_records_that_were_not_asked_for_do_not_replace_them() -> None:
    answer = answer_of(reply(a(60), a(60, X)), QUESTION, TtlLimits(), 0.0, FRONT)
    assert answer.targets == (X,)
    assert answer.tail.counts == (2, 0, 0)


def test_an_answer_that_leads_back_to_them_is_refused() -> None:
    said = reply(Record(X, 5, 60, WWW), a(60))
    with pytest.raises(WireError, match="leads back"):
        answer_of(said, QUESTION, TtlLimits(), 0.0, FRONT)


@pytest.mark.parametrize(("ours", "theirs"), [(1, 11), (3, 9), (1, 12), (3, 10)])
def test_the_links_of_both_together_are_bounded(ours: int, theirs: int) -> None:
    names = [from_text(f"n{i}.example.net") for i in range(ours + theirs + 1)]
    links = [Record(name, 5, 60, names[i + 1]) for i, name in enumerate(names[:-1])]
    said = reply(*links[ours:], a(60, names[-1]))
    question = Question(names[0], 1)
    if ours + theirs <= MAX_LINKS:
        answer = answer_of(said, question, TtlLimits(), 0.0, tuple(links[:ours]))
        assert answer.targets == tuple(names[1:])
    else:
        with pytest.raises(WireError):
            answer_of(said, question, TtlLimits(), 0.0, tuple(links[:ours]))
