"""Listeners that need a certificate, ports that two of them want, and ids of clients."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from sinkhole.control.settings import Endpoint, Settings, effective

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]

PAIR = "certificate: c.pem, certificate_key: k.pem"


def test_encrypted_listeners_have_ports_of_their_own(loaded: Load) -> None:
    settings = loaded(
        f"dns: {{tls: ['0.0.0.0', '::'], https: [127.0.0.1], quic: ['::'], {PAIR},"
        " names: [DNS.example.org], proxies: [192.0.2.8, 198.51.100.0/24]}"
    )
    dns = settings.dns
    assert dns.tls == (Endpoint("0.0.0.0", 853), Endpoint("::", 853))
    assert (dns.https, dns.quic) == ((Endpoint("127.0.0.1", 443),), (Endpoint("::", 853),))
    assert (dns.certificate, dns.certificate_key) == (Path("c.pem"), Path("k.pem"))
    assert dns.names == ("dns.example.org",) and dns.is_encrypted
    assert dns.proxies == (ip_network("192.0.2.8/32"), ip_network("198.51.100.0/24"))
    assert loaded(effective(settings)) == settings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tls: [0.0.0.0]", "dns.tls: needs a certificate: set certificate and certificate_key"),
        ("https: [0.0.0.0]", "dns.https: needs a certificate"),
        ("quic: [0.0.0.0]", "dns.quic: needs a certificate"),
        ("certificate: c.pem", "dns.certificate: is of no use without its key"),
        ("certificate_key: k.pem", "dns.certificate_key: is of no use without a certificate"),
        ("certificate: '~/c.pem', certificate_key: k.pem", "write the whole path"),
        (f"tls: ['0.0.0.0:53'], {PAIR}", 'dns.tls[0]: "0.0.0.0:53" is what listen listens on'),
        (f"tls: ['127.0.0.1:53'], {PAIR}", 'what listen listens on already ("0.0.0.0:53")'),
        (f"https: ['[::1]:853'], tls: ['[::]:853'], {PAIR}", "dns.https[0]: "),
        (f"https: ['0.0.0.0:853'], quic: [0.0.0.0], {PAIR}", "is what quic listens on already"),
        (f"tls: [0.0.0.0, '0.0.0.0:853'], {PAIR}", 'dns.tls[1]: "0.0.0.0:853" is listed twice'),
        ("proxies: [proxy.example]", "dns.proxies[0]: "),
        ("names: [192.0.2.1]", "is an address, write a name"),
    ],
)
def test_a_listener_that_cannot_be_is_refused(problems: Problems, text: str, found: str) -> None:
    (problem,) = problems(f"dns: {{{text}}}")
    assert found in problem


@pytest.mark.parametrize(
    "text",
    [
        "tls: [0.0.0.0], quic: [0.0.0.0]",
        "https: ['0.0.0.0:853'], quic: [0.0.0.0], http3: false",
        "tls: ['127.0.0.1:0'], https: ['127.0.0.1:0']",
        "tls: ['127.0.0.1:853'], https: ['127.0.0.2:853']",
        "tls: ['0.0.0.0:853'], https: ['[::]:853']",
    ],
)
def test_other_protocols_families_and_addresses_are_no_rivals(loaded: Load, text: str) -> None:
    assert loaded(f"dns: {{{text}, {PAIR}}}").dns.is_encrypted


def test_a_mistake_in_a_listener_is_told_once(problems: Problems) -> None:
    assert len(problems("dns: {tls: [here]}")) == 1
    assert len(problems("dns: {tls: [0.0.0.0], certificate: '', certificate_key: k}")) == 1


def test_a_client_may_be_known_by_ids_alone(loaded: Load) -> None:
    (client,) = loaded("clients: [{name: Tablet, ids: [Kids-Tablet, t2]}]").clients
    assert (client.ids, client.addresses) == (("kids-tablet", "t2"), ())


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        ("[a.b]", '"a.b" is no client id, write letters, digits and -, at most 63'),
        (f"[{'a' * 64}]", "is no client id"),
        ("[ä]", "is no client id"),
        ("[7]", '7 is not text, write "7"'),
        ("[a, A]", 'clients[0].ids[1]: "a" is listed twice'),
        ("[other]", 'clients[1].ids[0]: "other" already belongs to "Tablet"'),
    ],
)
def test_ids_are_labels_and_belong_to_one_client(problems: Problems, ids: str, found: str) -> None:
    other = ", {name: Phone, ids: [other]}" if ids == "[other]" else ""
    (problem,) = problems(f"clients: [{{name: Tablet, ids: {ids}}}{other}]")
    assert found in problem
