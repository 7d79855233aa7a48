"""Which addresses a list may be fetched from."""

import pytest

from sinkhole.control.lists.destinations import is_numeric, refusal

PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "::",
    "::1",
    "::127.0.0.1",
    "fe80::1%eth0",
    "fd00::1",
    "fec0::1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused_with_the_setting_that_allows_it(address: str) -> None:
    assert "filtering.private_sources" in refusal(address, private_allowed=False)
    assert refusal(address, private_allowed=True) == ""


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert refusal(address, private_allowed=False) == ""


@pytest.mark.parametrize("address", ["224.0.0.1", "ff02::1"])
def test_a_multicast_address_is_refused_always(address: str) -> None:
    assert "multicast" in refusal(address, private_allowed=True)


@pytest.mark.parametrize("text", ["127.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001"])
def test_other_spellings_of_addresses_are_refused_always(text: str) -> None:
    assert is_numeric(text)
    assert "usual notation" in refusal(text, private_allowed=True)


@pytest.mark.parametrize("host", ["192.0.2.1", "192.0.2.1.", "::1", "2001:db8::1", "a.0x1"])
def test_a_host_that_ends_in_a_number_is_an_address(host: str) -> None:
    assert is_numeric(host)


@pytest.mark.parametrize("host", ["example.org", "1.example.org", "example.org.", "x0", "0a.b0"])
def test_other_hosts_are_names(host: str) -> None:
    assert not is_numeric(host)
