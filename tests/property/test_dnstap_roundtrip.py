"""Whatever is written in protobuf and frame streams is read as the same by other code."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from shipping_peers import dnstap_of, fields_of

from sinkhole.control.querylog import LogTerms
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.shipping.dnstap import Dnstap
from sinkhole.control.shipping.frame_streams import (
    HEAD_SIZE,
    Control,
    ControlFrame,
    control_frame,
    control_size,
    read_control,
)
from sinkhole.control.shipping.protobuf import bytes_field, fixed32_field, number_field
from sinkhole.model.errors import WireError
from sinkhole.model.record import TRANSPORTS, Batch, Report, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict

FIELDS: Final = st.integers(1, 2**29 - 1)
NUMBERS: Final = st.tuples(FIELDS, st.integers(0, 2**64 - 1))
TEXTS: Final = st.text(max_size=40)
LABELS: Final = st.lists(st.binary(min_size=1, max_size=20), max_size=6)


@given(st.lists(st.one_of(NUMBERS, st.tuples(FIELDS, st.binary(max_size=300)))))
def test_fields_are_read_as_they_were_written(fields: list[tuple[int, int | bytes]]) -> None:
    written = b"".join(
        bytes_field(field, value) if isinstance(value, bytes) else number_field(field, value)
        for field, value in fields
    )
    assert fields_of(written) == fields


@given(FIELDS, st.integers(0, 2**32 - 1))
def test_so_are_those_of_fixed_length(field: int, number: int) -> None:
    assert fields_of(fixed32_field(field, number)) == [(field, number)]


@given(
    labels=LABELS,
    qtype=st.integers(0, 65_535),
    rcode=st.integers(0, 4095),
    outcome=st.sampled_from(Outcome),
    answered=st.binary(max_size=200),
    rule=TEXTS,
    client=st.one_of(st.ip_addresses().map(str), TEXTS),
    channel=st.sampled_from(TRANSPORTS),
    time_s=st.floats(0, 4e9),
    duration_us=st.integers(0, 10**8),
)
def test_any_query_makes_a_message_that_can_be_read(
    labels: list[bytes],
    qtype: int,
    rcode: int,
    outcome: Outcome,
    answered: bytes,
    rule: str,
    client: str,
    channel: str,
    time_s: float,
    duration_us: int,
) -> None:
    name = b"".join(bytes((len(each),)) + each for each in labels) + b"\0"
    verdict = Verdict(outcome, Cause("a list", 7, rule))
    report, who = Report(name, qtype, rcode, verdict, answered), Who(client)
    made = Dnstap(RuleTexts(lambda cause: cause.rule), LogTerms(), "host", "1")
    made.begin(Batch(time_s, duration_us, [(report, who)], channel))
    first, second = made.message(report, who), made.message(report, who)
    assert first == second
    told = dnstap_of(first)
    reply = told["response_message"]
    assert told["extra"] == outcome.name.lower().encode()
    assert reply[3] & 15 == rcode & 15
    assert reply[5] == bool(qtype)
    assert not qtype or reply[12:].startswith(name)
    assert 0 <= told["query_time_nsec"] < 10**9
    assert told["query_time_sec"] <= told["response_time_sec"] <= time_s


@given(st.sampled_from(Control), st.lists(st.binary(max_size=256), max_size=1))
def test_control_frames_are_read_as_they_were_written(kind: Control, types: list[bytes]) -> None:
    frame = control_frame(kind, *types)
    assert control_size(frame[:HEAD_SIZE]) == len(frame) - HEAD_SIZE
    assert read_control(frame[HEAD_SIZE:]) == ControlFrame(kind, tuple(types))


@given(st.binary(max_size=600))
def test_no_bytes_of_a_receiver_do_harm(data: bytes) -> None:
    for read in (control_size, read_control):
        try:
            read(data)
        except WireError as error:
            assert str(error)
