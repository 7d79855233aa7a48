"""What is listened to for encrypted DNS, by plain terms."""

from __future__ import annotations

import pytest
from world import World

from sinkhole.dns.server.encrypted import EncryptedListeners, EncryptedTerms
from sinkhole.dns.server.listeners import Listeners
from sinkhole.model.faults import Faults

HERE = ("192.0.2.1", 443), ("192.0.2.1", 8443), ("2001:db8::1", 443)


def listeners() -> EncryptedListeners:
    return EncryptedListeners(Listeners([], World().pipeline), Faults())


def test_each_transport_has_its_addresses() -> None:
    terms = EncryptedTerms(HERE[:1], HERE[1:], HERE[:1])
    assert [(each.over, str(each), each.key) for each in listeners().addresses(terms)] == [
        ("TLS", "192.0.2.1:443", "dns.tls"),
        ("HTTPS", "192.0.2.1:8443", "dns.https"),
        ("HTTPS", "[2001:db8::1]:443", "dns.https"),
        ("QUIC", "192.0.2.1:443", "dns.quic"),
        ("HTTP/3", "192.0.2.1:8443", "dns.https"),
        ("HTTP/3", "[2001:db8::1]:443", "dns.https"),
    ]
    assert terms.sockets == 6


def test_without_http3_there_is_none_of_it() -> None:
    terms = EncryptedTerms(https=HERE, http3=False)
    assert {each.over for each in listeners().addresses(terms)} == {"HTTPS"}
    assert (terms.sockets, terms.wants_quic, terms.alt_svc) == (3, False, b"")


def test_clients_are_told_of_each_port_of_http3_once() -> None:
    assert EncryptedTerms(https=HERE).alt_svc == b'h3=":443"; ma=86400, h3=":8443"; ma=86400'


@pytest.mark.parametrize("terms", [EncryptedTerms(), EncryptedTerms(https=(("::1", 0),))])
def test_nobody_is_told_of_a_port_that_nobody_knows(terms: EncryptedTerms) -> None:
    assert terms.alt_svc == b""


def test_terms_of_quic_are_made_once_and_have_the_names() -> None:
    found, terms = listeners(), EncryptedTerms(quic=HERE, names=("dns.example.org",))
    found.use(terms)
    found.addresses(terms)
    (quic,) = found.by_quic.values()
    assert quic.names == ("dns.example.org",)
    found.addresses(terms)
    assert found.by_quic == {"doq": quic}
    found.use(terms._replace(names=()))
    assert quic.names == ()


def test_who_shares_the_secret_knows_tokens_of_the_others() -> None:
    terms = EncryptedTerms(quic=HERE, https=HERE, secret=b"secret")
    one, other, stranger = listeners(), listeners(), listeners()
    one.use(terms)
    for each in (one, other, stranger):
        each.addresses(terms)
    other.use(terms)  # be it before or after it was made
    token = one.by_quic["doq"].tokens.make(b"address", b"first", b"ours", 1.0)
    for each in (*one.by_quic.values(), *other.by_quic.values()):
        assert each.tokens.read(b"address", b"ours", token, 1.0) == b"first"
    assert stranger.by_quic["doq"].tokens.read(b"address", b"ours", token, 1.0) is None
