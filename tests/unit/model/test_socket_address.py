"""Addresses as the kernel wants them."""

import errno
import socket

import pytest

from sinkhole.model.socket_address import family_of, socket_address


def test_ipv6_has_two_numbers_more() -> None:
    assert socket_address("192.0.2.1", 53) == ("192.0.2.1", 53)
    assert socket_address("2001:db8::1", 53) == ("2001:db8::1", 53, 0, 0)
    assert family_of("192.0.2.1") == socket.AF_INET
    assert family_of("fe80::1%eth0") == socket.AF_INET6


def test_an_interface_is_found_by_name_and_by_number() -> None:
    [(number, name), *_] = socket.if_nameindex()
    for interface in (name, str(number)):
        assert socket_address(f"fe80::1%{interface}", 53) == ("fe80::1", 53, 0, number)


@pytest.mark.parametrize(
    ("host", "code", "says"),
    [
        ("fe80::1%nosuchif", errno.ENODEV, "there is no interface nosuchif"),
        ("fe80::1", errno.EINVAL, "fe80::1 needs its interface, write such as fe80::1%eth0"),
    ],
)
def test_a_missing_interface_is_an_error_of_the_moment(host: str, code: int, says: str) -> None:
    with pytest.raises(OSError) as caught:
        socket_address(host, 53)
    assert (caught.value.errno, caught.value.strerror) == (code, says)
