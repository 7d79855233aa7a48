"""Questions nobody gets a usual answer to."""

from __future__ import annotations

import pytest

from sinkhole.dns.policy.special_use import answer_special
from sinkhole.dns.wire.name import from_text

NAME = from_text("example.org")


@pytest.mark.parametrize(
    ("qtype", "qclass", "rcode"),
    [(16, 3, 5), (1, 255, 5), (252, 1, 5), (251, 1, 5), (250, 1, 5), (0, 1, 5), (41, 1, 5)],
)
def test_refused(qtype: int, qclass: int, rcode: int) -> None:
    found = answer_special(NAME, qtype, qclass)
    assert found is not None
    assert (found[0].rcode, found[0].answer) == (rcode, ())


def test_any_is_answered_with_hinfo() -> None:
    found = answer_special(NAME, 255, 1)
    assert found is not None
    assert [(r.rtype, r.rdata) for r in found[0].answer] == [(13, b"\x07RFC8482\x00")]


@pytest.mark.parametrize("qtype", [1, 28, 65, 64, 257, 65280])
def test_usual_questions_pass(qtype: int) -> None:
    assert answer_special(NAME, qtype, 1) is None
