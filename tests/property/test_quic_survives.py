"""Whatever arrives on a QUIC connection, nothing is raised, and what is kept of it is bounded."""

from __future__ import annotations

import ssl
from dataclasses import replace
from typing import Any

import pytest
from certificates import Certificate, leaf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qh3.quic.connection import QuicConnection
from qh3.quic.events import StreamDataReceived, StreamReset
from qh3.quic.tls_bridge import QuicTlsBridge
from world import World, question

from sinkhole.dns.pipeline.channel import QUIC
from sinkhole.dns.quic import doq
from sinkhole.dns.quic.connection import Connection, configuration
from sinkhole.dns.quic.header import read_header
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.doq import DoqConnection
from sinkhole.dns.server.http3 import MAX_REQUEST, Http3Connection
from sinkhole.dns.upstream.links.http3 import MOST_OVERHEAD, Http3Session
from sinkhole.dns.upstream.links.quic import LONGEST_MESSAGE, QuicSession
from sinkhole.dns.upstream.links.session import Asking
from sinkhole.dns.wire.question import Question

HERE, THERE = ("192.0.2.1", 1), ("192.0.2.2", 2)
pieces = st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=40), st.booleans()), max_size=40)


@given(pieces)
def test_messages_are_the_bytes_behind_their_length_or_an_error(parts: list[Any]) -> None:
    messages = doq.Messages(30)
    sent: dict[int, bytes] = {}
    done: set[int] = set()
    for stream, data, ended in parts:
        if stream in done:
            continue
        sent[stream] = sent.get(stream, b"") + data
        try:
            message = messages.feed(stream, data, ended)
        except doq.BrokenMessage:
            messages.forget(stream)
            done.add(stream)
            continue
        if message is not None:
            assert sent[stream] == doq.framed(message)
        if message is not None or ended:
            done.add(stream)
        assert len(messages) <= 4
    assert all(len(part) <= 32 for part in messages._parts.values())


@given(st.binary(max_size=100) | st.builds(lambda rest: b"\xc3\0\0\0\1" + rest, st.binary()))
def test_a_header_is_read_from_any_bytes_or_there_is_none(datagram: bytes) -> None:
    header = read_header(datagram)
    if header is not None:
        for part in (header.destination, header.source, header.token):
            assert part in datagram


# -- handshakes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return leaf("dns.example.org")


def pair(certificate: Certificate) -> tuple[Connection, Connection]:
    """A client that has begun, and a server that knows nothing of it yet."""
    ours = configuration(["doq"], is_client=True, idle_s=30, stream_size=1000)
    ours.verify_mode = ssl.CERT_NONE
    theirs = configuration(["doq"], is_client=False, idle_s=30, stream_size=1000)
    theirs.load_cert_chain(certificate.chain_pem, certificate.key_pem)
    native = QuicConnection(configuration=ours)
    native.connect(THERE, 0.0)
    first = native.original_destination_connection_id
    server = QuicConnection(configuration=theirs, original_destination_connection_id=first)
    return Connection(native), Connection(server)


def exchange(client: Connection, server: Connection, now: float = 0.0) -> None:
    for _ in range(10):
        server.receive(client.datagrams(now), HERE, now)
        client.receive(server.datagrams(now), THERE, now)


changes = st.tuples(st.integers(0, 12), st.integers(0, 2000), st.binary(max_size=8))


def test_a_handshake_of_the_two_is_complete(certificate: Certificate) -> None:
    client, server = pair(certificate)
    exchange(client, server)
    assert client.end is server.end is None
    assert client.streams_left == 100


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(changes, min_size=1, max_size=4), st.booleans())
def test_any_tls_message_ends_the_connection_at_most(
    certificate: Certificate, wrong: list[tuple[int, int, bytes]], of_client: bool
) -> None:
    """Also those that make the library panic, which is no Exception."""
    count = 0

    def spoiled(bridge: QuicTlsBridge) -> Any:
        nonlocal count
        crypto = real(bridge)
        if crypto is None or bridge.configuration.is_client is not of_client:
            return crypto
        data = bytearray(crypto.data)
        for number, place, change in wrong:
            if number == count:
                data[place % len(data) : place % len(data) + len(change)] = change
        count += 1
        return replace(crypto, data=bytes(data) or b"\0")

    real = QuicTlsBridge.next_crypto_data
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(QuicTlsBridge, "next_crypto_data", spoiled)
        client, server = pair(certificate)
        exchange(client, server)
    for side in (client, server):
        assert side.end is None or side.end.reason is not None
        side.expire(1000.0)
        side.close(0)
        assert side.end is not None
        assert side.datagrams(1001.0) is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.binary(max_size=1500), max_size=10))
def test_strange_datagrams_change_nothing(certificate: Certificate, strange: list[bytes]) -> None:
    client, server = pair(certificate)
    client.receive(strange, THERE, 0.0)
    server.receive([each for each in strange if len(each) < 1200], HERE, 0.0)
    exchange(client, server)
    client.receive(strange, THERE, 0.0)
    server.receive(strange, HERE, 0.0)
    assert client.end is server.end is None


# -- sessions -------------------------------------------------------------------------------------


class Link:
    """Takes whatever a session tells."""

    def __init__(self) -> None:
        self.over = 0

    def answered(self, asking: Asking, wire: bytes) -> None:
        assert len(wire) <= LONGEST_MESSAGE + MOST_OVERHEAD

    def heard(self, session: object) -> None: ...

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        assert what

    def has_room(self, session: object) -> None: ...

    def ended(self, session: object, what: str) -> None:
        assert what
        self.over += 1


class Transport:
    """A connection that is ready, without a socket."""

    ip = "192.0.2.2"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_closed = False

    def attach(self, events: object) -> None: ...

    def flush_soon(self) -> None: ...

    def close(self, code: int = 0, reason: str = "") -> None:
        self.is_closed = True


class Client:
    """A client of the listener, without one."""

    def __init__(self, connection: Connection, world: World) -> None:
        self.connection = connection
        self.door = Door(world.pipeline)
        self.channel = QUIC
        self.client = world.client
        self.arrived = 0.0
        self.count = 0
        self.in_flight = 0
        self.is_over = False

    def begin(self, stream: int) -> bool:
        self.in_flight += 1
        return True

    def forget(self, stream: int) -> None: ...

    def finish(self, stream: int) -> bool:
        self.in_flight -= 1
        return True

    def sent(self) -> None: ...

    def end(self, code: int, reason: str = "") -> None:
        self.is_over = True


happenings = st.lists(
    st.one_of(
        st.builds(
            StreamDataReceived,
            data=st.binary(max_size=60)
            | st.sampled_from([b"\0\4\0\0", b"\1\6\0\0\xd9", b"\0\2ab", b"\1\x03\0\0\xd9"]),
            end_stream=st.booleans(),
            stream_id=st.sampled_from([0, 0, 4, 8, 3, 7, 11, 1]),
        ),
        st.builds(StreamReset, error_code=st.integers(0, 600), stream_id=st.sampled_from([0, 3])),
    ),
    max_size=30,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(happenings, st.sampled_from(["quic", "h3"]))
def test_sessions_take_whatever_happens(
    certificate: Certificate, events: list[Any], kind: str
) -> None:
    client, server = pair(certificate)
    exchange(client, server)
    link, transport = Link(), Transport(client)
    made: Any = transport
    session: Any = (
        QuicSession(made, link)
        if kind == "quic"
        else Http3Session(made, link, "dns.example.org", "/dns-query")
    )
    for number in range(3):
        question = Question(b"\7example\3org\0", 1 + number)
        session.send(Asking(question, 0.0, lambda reply: None))
    for event in events:
        if not transport.is_closed:
            session.happened(event)
            session.heard()
    assert link.over <= 1
    session.close()


requests = st.lists(
    st.one_of(
        st.builds(
            StreamDataReceived,
            data=st.binary(max_size=60)
            | st.sampled_from([doq.framed(question("example.org")), b"\0\4\0\0", b"\0\2ab"])
            | st.sampled_from([b"\1\6\0\0\xd1\xd7\xc1P", b"\0\4abcd"]),
            end_stream=st.booleans(),
            stream_id=st.sampled_from([0, 0, 4, 8, 2, 6, 10, 1]),
        ),
        st.builds(StreamReset, error_code=st.integers(0, 600), stream_id=st.sampled_from([0, 2])),
    ),
    max_size=30,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(requests, st.sampled_from([DoqConnection, Http3Connection]))
async def test_listeners_take_whatever_happens(
    certificate: Certificate, events: list[Any], speak: Any
) -> None:
    client, server = pair(certificate)
    exchange(client, server)
    made = Client(server, World())
    spoken = speak(made)
    for event in events:
        if not made.is_over and server.end is None:
            spoken.happened(event)
            assert spoken.message_began in (None, 0.0)
    incoming = getattr(spoken, "_incoming", {}).values()
    assert all(len(each.body) <= MAX_REQUEST for each in incoming)
    await made.door.close()
