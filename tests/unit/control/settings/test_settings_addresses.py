from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

import pytest

from sinkhole.control.settings import addresses
from sinkhole.control.settings.addresses import Endpoint, parse_address, parse_network, unmapped

Read = Callable[..., Any]
Refusal = Callable[..., str]


@pytest.mark.parametrize(
    ("text", "host", "port", "canonical"),
    [
        ("9.9.9.9", "9.9.9.9", 53, "9.9.9.9:53"),
        ("9.9.9.9:5353", "9.9.9.9", 5353, "9.9.9.9:5353"),
        ("2001:db8::1", "2001:db8::1", 53, "[2001:db8::1]:53"),
        ("[2001:db8::1]", "2001:db8::1", 53, "[2001:db8::1]:53"),
        ("[2001:0DB8:0::1]:853", "2001:db8::1", 853, "[2001:db8::1]:853"),
        ("2001:db8::1:53", "2001:db8::1:53", 53, "[2001:db8::1:53]:53"),
        ("[::]:53", "::", 53, "[::]:53"),
        ("fe80::1%eth0", "fe80::1%eth0", 53, "[fe80::1%eth0]:53"),
        ("[FE80:0::1%eth0.7]:853", "fe80::1%eth0.7", 853, "[fe80::1%eth0.7]:853"),
        ("[fe80::1%eth0:1]:5353", "fe80::1%eth0:1", 5353, "[fe80::1%eth0:1]:5353"),
        ("fe80::1%2", "fe80::1%2", 53, "[fe80::1%2]:53"),
        ("fe80::1", "fe80::1", 53, "[fe80::1]:53"),
    ],
)
def test_endpoints_are_read_with_and_without_a_port(
    text: str, host: str, port: int, canonical: str
) -> None:
    endpoint = Endpoint.parse(text, 53)
    assert (endpoint.host, endpoint.port, str(endpoint)) == (host, port, canonical)
    assert Endpoint.parse(str(endpoint), 1) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "localhost:53",
        "https://dns.example/q",
        ":53",
        "9.9.9.9:",
        "[9.9.9.9]:53",
        "[::1",
        "[::1]53",
        "[::1]:",
        "[]:53",
        "9.9.9.9 ",
        "1.2.3.4:5:6",
    ],
)
def test_what_is_no_endpoint_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        Endpoint.parse(text, 8080)
    assert str(caught.value) == (
        f'"{text}" is not an IP address with a port,'
        ' write one such as "192.0.2.1:8080" or "[2001:db8::1]:8080"'
    )


@pytest.mark.parametrize("port", ["0", "65536", "-1", "5x", "٣", "99999999999", "+5"])
def test_ports_are_from_1_to_65535(port: str) -> None:
    with pytest.raises(ValueError, match=r"it must be 1\.\.65535"):
        Endpoint.parse(f"192.0.2.1:{port}", 53)


def test_port_0_is_taken_where_the_system_may_choose() -> None:
    assert Endpoint.parse("127.0.0.1:0", 53, lowest_port=0).port == 0


@pytest.mark.parametrize("interface", ["longer-than-15-chars", "with space"])
def test_what_is_no_interface_is_refused_with_what_to_write(interface: str) -> None:
    with pytest.raises(ValueError) as caught:
        Endpoint.parse(f"[fe80::1%{interface}]:53", 53)
    assert str(caught.value) == (
        f'"[fe80::1%{interface}]:53" names no interface after %, write one such as "fe80::1%eth0"'
    )


def test_only_link_local_addresses_have_an_interface() -> None:
    with pytest.raises(ValueError) as caught:
        Endpoint.parse("[2001:db8::1%eth0]:53", 53)
    assert str(caught.value) == (
        '"[2001:db8::1%eth0]:53" is not link-local, so it has no interface: write "2001:db8::1"'
    )


def test_a_record_has_no_interface() -> None:
    with pytest.raises(ValueError, match="names an interface"):
        parse_address("fe80::1%eth0")


def test_an_interface_is_spelled_for_a_url() -> None:
    assert Endpoint("fe80::1%eth0", 8080).in_url == "[fe80::1%25eth0]:8080"
    assert Endpoint("192.0.2.1", 8080).in_url == "192.0.2.1:8080"


def test_addresses_are_read_and_names_are_not() -> None:
    assert parse_address("2001:db8::10") == ip_address("2001:db8::10")
    with pytest.raises(ValueError, match=r'"nas\.home" is not an IP address'):
        parse_address("nas.home")


def test_networks_are_read_with_and_without_a_prefix() -> None:
    assert parse_network("192.0.2.0/24") == ip_network("192.0.2.0/24")
    assert parse_network("192.0.2.1") == ip_network("192.0.2.1/32")
    assert parse_network("2001:db8::/32") == ip_network("2001:db8::/32")


def test_a_network_with_bits_behind_its_prefix_is_a_question() -> None:
    with pytest.raises(ValueError) as caught:
        parse_network("192.0.2.1/24")
    assert str(caught.value) == (
        '"192.0.2.1/24" has bits behind its prefix, write "192.0.2.0/24" for the network'
        ' or "192.0.2.1" for the one address'
    )


@pytest.mark.parametrize("text", ["home", "192.0.2.0/33", "192.0.2", "1", "", "fe80::%eth0/64"])
def test_what_is_no_network_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="is not a network, write one such as"):
        parse_network(text)


@pytest.mark.parametrize(
    ("listening", "reachable"),
    [
        ("0.0.0.0:53", "127.0.0.1:53"),
        ("[::]:8080", "[::1]:8080"),
        ("192.0.2.1:53", "192.0.2.1:53"),
        ("[2001:db8::1]:53", "[2001:db8::1]:53"),
        ("127.0.0.1:0", "127.0.0.1:0"),
    ],
)
def test_a_wildcard_address_is_reached_by_loopback(listening: str, reachable: str) -> None:
    assert str(Endpoint.parse(listening, 53, lowest_port=0).reachable) == reachable


def test_endpoints_get_the_default_port_and_pass_when_they_are_read_already(read: Read) -> None:
    assert read(addresses.endpoint(53), "192.0.2.1") == Endpoint("192.0.2.1", 53)
    assert read(addresses.endpoint(53), Endpoint("192.0.2.1", 5)) == Endpoint("192.0.2.1", 5)


def test_addresses_are_of_one_family(read: Read, refusal: Refusal) -> None:
    assert read(addresses.address(4), "192.0.2.1") == IPv4Address("192.0.2.1")
    assert refusal(addresses.address(6), "192.0.2.1") == "192.0.2.1 is IPv4, this key takes IPv6"
    assert refusal(addresses.address(4), 5) == '5 is not text, write "5"'


@pytest.mark.parametrize(
    ("name", "found"), [("NAS.Home.", "nas.home"), ("bücher.example", "xn--bcher-kva.example")]
)
def test_host_names_are_read_in_their_ascii_form(read: Read, name: str, found: str) -> None:
    assert read(addresses.host_name(), name) == found


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a..b", "has an empty label"),
        ("x" * 64, "has a label of 64 bytes, at most 63"),
        ("a b", "is not a host name, write letters, digits, - and _ between dots"),
        (".", "is not a host name"),
        ("a.b:80", "is not a host name"),
        ("http://a", "is not a host name"),
        ("a\\.b", "is not a host name"),
        ("*.a", "is not a host name"),
        ("\u2603\u200d", "is not a name: "),
        ("192.0.2.1", "is an address, write a name"),
    ],
)
def test_what_is_no_host_name_is_refused(refusal: Refusal, name: str, reason: str) -> None:
    assert reason in refusal(addresses.host_name(), name)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ("::ffff:c000:200/120", "192.0.2.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("::fffe:0:0/95", "::fffe:0:0/95"),
        ("2001:db8::/112", "2001:db8::/112"),
    ],
)
def test_ipv4_written_as_ipv6_is_ipv4(text: str, found: str) -> None:
    assert str(unmapped(parse_network(text))) == found
