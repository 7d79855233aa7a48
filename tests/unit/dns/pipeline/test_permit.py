"""Why a question may go to an upstream."""

from __future__ import annotations

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.pipeline.permit import FREELY, Permit, allowed_by, routed_to
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record
from sinkhole.dns.wire.write import write_tail
from sinkhole.model.verdict import Cause, Outcome

WWW, SAFE, EDGE = map(from_text, ("www.example.org", "safe.example.net", "edge.example.com"))
LED = Permit(Cause("Mine", 3), outcome=Outcome.REWRITTEN, front=(Record(WWW, 5, 10, SAFE),))
QUESTION = Question(WWW, 1, do=True)


def test_verdicts_are_made_once() -> None:
    assert FREELY.forwarded("a") is FREELY.forwarded("a")
    assert FREELY.forwarded("a").upstream == "a"
    assert (FREELY.forwarded("a").outcome, FREELY.cached.outcome) == (0, 1)
    assert allowed_by(Cause("Mine", 3)) is allowed_by(Cause("Mine", 3))
    assert allowed_by(Cause("Mine", 3)).cached.allowed


def test_a_permit_with_cnames_of_ours_asks_for_where_they_lead() -> None:
    assert FREELY.asked(QUESTION) is QUESTION
    assert LED.asked(QUESTION) == Question(SAFE, 1, do=True)
    assert {LED.cached.outcome, LED.forwarded("a").outcome} == {Outcome.REWRITTEN}


def test_an_answer_that_came_another_way_is_told_from_one_that_did_not() -> None:
    assert FREELY.fits(answer(EDGE))
    assert not FREELY.fits(answer(SAFE, EDGE, links=1))
    assert LED.fits(answer(SAFE, EDGE, links=1))
    assert not LED.fits(answer(SAFE, EDGE))
    assert not LED.fits(answer(EDGE, SAFE, links=1))


def test_an_answer_of_other_upstreams_says_nothing() -> None:
    assert not FREELY.fits(answer(via="corp.example"))
    assert routed_to("corp.example").fits(answer(via="corp.example"))
    assert not routed_to("corp.example").fits(answer())
    assert allowed_by(Cause("Mine", 3), "corp.example").fits(answer(via="corp.example"))


def answer(*targets: bytes, links: int = 0, via: str = "") -> Answer:
    return Answer(0, False, write_tail(WWW, ()), 60, 0.0, targets, links, via=via)
