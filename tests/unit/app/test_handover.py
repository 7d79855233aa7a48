"""What is left to the program that follows arrives there, and nothing of it stays open."""

from __future__ import annotations

import asyncio
import os
import socket

from places import nobodys_place

from sinkhole.app.handover import VARIABLE, Inheritance, Left
from sinkhole.dns.server.sockets import bind
from sinkhole.dns.worker.link import Kind, Link
from sinkhole.dns.worker.records import RecordPacker
from sinkhole.dns.worker.worker import SECONDS
from sinkhole.model.faults import Faults
from sinkhole.model.record import Batch, RecordBuffer, Report, Who
from sinkhole.model.verdict import Outcome, Verdict

RECORD = Report(b"\3ads\0", 1, 0, Verdict(Outcome.BLOCKED)), Who("192.0.2.7")


def test_without_a_program_before_there_is_nothing() -> None:
    assert Inheritance({}, RecordBuffer(), Faults()).groups == {}


def test_sockets_are_the_same_ones_and_outlive_nothing_else() -> None:
    place = nobodys_place()
    udp, tcp = bind("UDP", *place), bind("TCP", *place)
    other = udp.sock.dup()
    left = Left.behind({udp: [other], tcp: []}, ())
    for number in left.handles:
        os.set_inheritable(number, True)
    (first, others), (second, none) = Inheritance(
        left.into({}), RecordBuffer(), Faults()
    ).groups.items()
    assert [first[1:], second[1:], none] == [udp[1:], tcp[1:], []]
    for each in (first.sock, second.sock, *others):
        assert each.getsockname() == tuple(place)
        assert not each.get_inheritable() and not each.getblocking()
        each.close()


async def test_workers_of_before_end_and_their_last_records_are_read() -> None:
    ours, theirs = socket.socketpair()
    said: list[Kind] = []

    def answer(kind: Kind, payload: bytes) -> None:
        said.append(kind)
        if kind is Kind.STOP:
            assert SECONDS.unpack(payload)[0] > 0
            worker.send(Kind.RECORDS, RecordPacker().pack([Batch(1.0, 2, [RECORD], "udp")]))
            worker.close()
            done.append("closed")

    done: list[str] = []
    worker = Link(theirs, answer, list)
    worker.start()
    pid = await asyncio.to_thread(os.spawnlp, os.P_NOWAIT, "true", "true")
    buffer = RecordBuffer()
    inheritance = Inheritance(Left.behind({}, [(pid, ours.fileno())]).into({}), buffer, Faults())
    ours.close()
    inheritance.settle(lambda: done.append("settled"))
    await inheritance.settled()
    assert said == [Kind.GO_ON, Kind.STOP]
    [(report, who)] = buffer.drain(9)[0].records
    assert (report.name, who.text) == (RECORD[0].name, RECORD[1].text)
    assert done == ["closed", "settled"]
    await inheritance.close()


async def test_what_another_version_says_is_not_read() -> None:
    ours, theirs = socket.socketpair()
    worker = Link(theirs, lambda kind, payload: worker.close(), list)
    worker.start()
    worker.send(Kind.RECORDS, b"of another kind")
    pid = await asyncio.to_thread(os.spawnlp, os.P_NOWAIT, "true", "true")
    environ = Left.behind({}, [(pid, ours.fileno())]).into({})
    ours.close()
    environ[VARIABLE] = environ[VARIABLE].replace("[1,", "[999,", 1)
    buffer, faults = RecordBuffer(), Faults()
    inheritance = Inheritance(environ, buffer, faults)
    inheritance.settle(lambda: None)
    await inheritance.settled()
    assert (len(buffer), faults.count) == (0, 0)
