"""No message costs more than a long honest one does, however its names are woven into each other.

What is counted are lines of the program, not time.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from operations import lines_run

from sinkhole.dns.cache.answer import TtlLimits, answer_of
from sinkhole.dns.wire.name import end_of, from_text
from sinkhole.dns.wire.question import Question, peek
from sinkhole.dns.wire.reply import MAX_RECORDS, MAX_STEPS, read_reply

NAME = from_text("example.org")
DEEP = b"\1a" * 127 + b"\0"
"""The longest name of the shortest labels."""

MOST_LINES = 150_000
"""Half as much again as a thousand honest records cost, and the fifth part of what names woven into
each other could."""


def message(qtype: int, records: list[bytes], authority: list[bytes] | None = None) -> bytes:
    counts = b"\0\1" + len(records).to_bytes(2, "big") + len(authority or []).to_bytes(2, "big")
    head = b"\x12\x34\x81\x80" + counts + b"\0\0" + NAME + qtype.to_bytes(2, "big") + b"\0\1"
    return head + b"".join(records) + b"".join(authority or [])


def record(rtype: int, rdata: bytes, owner: bytes = b"\xc0\x0c") -> bytes:
    fixed = rtype.to_bytes(2, "big") + b"\0\1\0\0\1\0" + len(rdata).to_bytes(2, "big")
    return owner + fixed + rdata


FIRST_RDATA = 12 + len(NAME) + 4 + 12
"""Where the rdata of the first record stands."""


def pointer(at: int) -> bytes:
    return (0xC000 | at).to_bytes(2, "big")


def shared(qtype: int, before: bytes) -> bytes:
    """Every record leads to one deep name."""
    deep = record(16, DEEP)
    again = record(qtype, before + pointer(FIRST_RDATA))
    return message(qtype, [deep] + [again] * (MAX_RECORDS - 2))


def own_label(qtype: int, before: bytes) -> bytes:
    """The same, each with a label of its own, so that no two names are equal."""
    deep = record(16, DEEP[4:])
    rest = [
        record(qtype, before + b"\2" + i.to_bytes(2, "big") + pointer(FIRST_RDATA))
        for i in range(MAX_RECORDS - 2)
    ]
    return message(qtype, [deep, *rest])


def chains(qtype: int, before: bytes) -> bytes:
    """Pointers to pointers to pointers."""
    links = b"\1a\0" + pointer(FIRST_RDATA)
    links += b"".join(pointer(FIRST_RDATA + 3 + 2 * i) for i in range(120))
    last = pointer(FIRST_RDATA + len(links) - 2)
    rest = [record(qtype, before + last) for _ in range(MAX_RECORDS - 2)]
    return message(qtype, [record(16, links), *rest])


def owners(qtype: int, before: bytes) -> bytes:
    """Deep owners, each read by another pointer: a chain of names that begin in one another."""
    deep = record(16, DEEP)
    rest = [
        record(qtype, before + b"\1b\0", b"\2" + i.to_bytes(2, "big") + pointer(FIRST_RDATA + 4))
        for i in range(MAX_RECORDS - 2)
    ]
    return message(qtype, [deep, *rest])


def honest(qtype: int, before: bytes) -> bytes:
    names = [from_text(f"mail{i}.region{i % 7}.mail.example.net") for i in range(MAX_RECORDS - 1)]
    return message(qtype, [record(qtype, before + name) for name in names])


def cost(wire: bytes, question: Question) -> int:
    return lines_run(lambda: answer_of(read_reply(wire, question.name), question, TtlLimits(), 0.0))


@pytest.mark.parametrize("make", [shared, own_label, chains, owners])
@pytest.mark.parametrize(
    ("qtype", "before"), [(15, b"\0\1"), (33, bytes(6)), (2, b""), (12, b""), (5, b"")]
)
def test_names_woven_into_each_other_cost_no_more_than_long_honest_answers(
    make: Callable[[int, bytes], bytes], qtype: int, before: bytes
) -> None:
    wire = make(qtype, before)
    assert len(wire) <= 0xFFFF
    assert cost(wire, Question(NAME, qtype)) < MOST_LINES


@pytest.mark.parametrize(("qtype", "before"), [(15, b"\0\1"), (33, bytes(6)), (2, b"")])
def test_a_thousand_honest_records_are_read(qtype: int, before: bytes) -> None:
    wire = honest(qtype, before)
    assert len(read_reply(wire).answer) == MAX_RECORDS - 1
    assert MOST_LINES // 8 < cost(wire, Question(NAME, qtype)) < MOST_LINES


def test_labels_and_pointers_of_one_message_are_counted() -> None:
    fits = MAX_STEPS // 128 - 1
    deep = record(16, DEEP)
    again = record(15, b"\0\1" + pointer(FIRST_RDATA))
    assert len(read_reply(message(15, [deep] + [again] * fits)).answer) == fits + 1
    assert cost(message(15, [deep] + [again] * 900), Question(NAME, 15)) < MAX_STEPS * 12


def test_proofs_far_behind_in_a_message_and_with_deep_owners() -> None:
    question = Question(NAME, 16, do=True)
    signature = bytes(18) + b"\0" + bytes(64)
    answer = [record(16, b"\xff" * 250) for _ in range(80)]
    answer.append(record(46, b"\0\x10" + signature[2:]))
    at = 12 + len(NAME) + 4 + sum(map(len, answer))
    first = record(47, b"\0", DEEP)
    again = [record(47, b"\0", DEEP) for _ in range(100)]
    assert at > 0x4000
    assert cost(message(16, answer, [first, *again]), question) < MOST_LINES


def test_signatures_by_every_zone_above() -> None:
    signed_by = [DEEP[2 * i :] for i in range(127)]
    rdatas = [b"\0\1" + bytes(16) + zone for zone in signed_by]
    name = DEEP
    head = b"\x12\x34\x81\x80\0\1\2\0\1\0\0\0" + name + b"\0\1\0\1"
    answers = [record(1, b"\xc0\0\2\1")] + [record(46, rdatas[i % 127]) for i in range(511)]
    proofs = [record(47, b"\0") for _ in range(256)]
    wire = head + b"".join(answers) + b"".join(proofs)
    assert cost(wire, Question(name, 1, do=True)) < MOST_LINES


@pytest.mark.parametrize(
    "rdata", [b"\0\1\0" + b"\0\4\xff\xfc" + bytes(0xFFFC - 1000), b"\0\1\0" + bytes(60_000)]
)
def test_services_with_more_than_anybody_needs_are_refused_before_they_are_judged(
    rdata: bytes,
) -> None:
    assert cost(message(65, [record(65, rdata)]), Question(NAME, 65)) < 200


def test_a_name_in_a_query_is_walked_over_no_further_than_a_name_goes() -> None:
    long = b"\1a" * 30_000
    assert lines_run(lambda: end_of(long, 0)) < 400
    head = b"\x12\x34\1\0\0\1\0\0\0\0\0\0"
    assert lines_run(lambda: peek(head + long)) < 450
