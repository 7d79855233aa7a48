"""Names that only who has the secret can make, and that whoever has it knows."""

from __future__ import annotations

import pytest

from sinkhole.dns.upstream.probe_names import LOOP_ZONE, VALID_S, ProbeNames
from sinkhole.dns.wire.name import from_text

NOW = 1_800_000_000.75
SERVER = "192.0.2.1"


@pytest.fixture
def ours() -> ProbeNames:
    return ProbeNames(b"secret")


def test_who_has_the_secret_reads_which_server_it_was_sent_to(ours: ProbeNames) -> None:
    other = ProbeNames(b"secret")
    name = other.make(SERVER, NOW)
    assert ours.read(name, NOW) == ours.sign(SERVER) == other.sign(SERVER)
    assert ours.proof(name) == other.proof(name)
    assert ours.sign("192.0.2.2") != ours.sign(SERVER)


def test_who_has_another_one_reads_and_proves_nothing(ours: ProbeNames) -> None:
    other = ProbeNames(b"another")
    name = ours.make(SERVER, NOW)
    assert other.read(name, NOW) == b""
    assert other.sign(SERVER) != ours.sign(SERVER)
    assert other.proof(name) != ours.proof(name)


def test_no_name_is_made_twice_and_each_is_one_label(ours: ProbeNames) -> None:
    names = {ours.make(SERVER, NOW) for _ in range(20)}
    assert len(names) == 20
    assert all(name.endswith(LOOP_ZONE) and name[0] <= 63 for name in names)
    assert all(len(name) == 1 + name[0] + len(LOOP_ZONE) for name in names)
    assert len({ours.proof(name) for name in names}) == 20


def test_it_is_good_for_a_moment_whosever_clock_is_ahead(ours: ProbeNames) -> None:
    name = ours.make(SERVER, NOW)
    assert ours.read(name, NOW + VALID_S) and ours.read(name, NOW - VALID_S + 1)
    assert not ours.read(name, NOW + VALID_S + 2)
    assert not ours.read(name, NOW - VALID_S - 2)


def test_a_name_that_was_changed_is_none(ours: ProbeNames) -> None:
    name = ours.make(SERVER, NOW)
    for place in range(len(name) - len(LOOP_ZONE)):
        changed = bytearray(name)
        changed[place] ^= 1
        assert ours.read(bytes(changed), NOW) == b""


@pytest.mark.parametrize(
    "name",
    [
        *map(from_text, ("www.example.org", "0123456789abcdef.sinkhole-loop.test", "a.b.test")),
        LOOP_ZONE,
        bytes((56,)) + b"0" * 56 + LOOP_ZONE,
        bytes((56,)) + b"g" * 56 + LOOP_ZONE,
        bytes((56,)) + b"\xff" * 56 + LOOP_ZONE,
        bytes((56,)) + b" " * 56 + LOOP_ZONE,
        b"\0",
    ],
)
def test_others_are_no_probes(ours: ProbeNames, name: bytes) -> None:
    assert ours.read(name, NOW) == b""
