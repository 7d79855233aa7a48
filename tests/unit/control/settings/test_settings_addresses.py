from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from sinkhole.control.settings.addresses import Endpoint, parse_address, parse_network


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


def test_interface_zones_are_refused() -> None:
    with pytest.raises(ValueError, match="names an interface"):
        Endpoint.parse("[fe80::1%eth0]:53", 53)
    with pytest.raises(ValueError, match="names an interface"):
        parse_address("fe80::1%eth0")


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
