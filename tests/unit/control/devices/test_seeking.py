"""Having the kernel look for who is at a new address."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from sinkhole.control.devices import seeking
from sinkhole.control.devices.seeking import Seeker

KNOWN = ip_address("192.0.2.9").packed


@pytest.fixture
def seeker() -> Iterator[Seeker]:
    made = Seeker(lambda packed: b"\2\0\0\0\0\1" if packed == KNOWN else b"")
    made.start()
    yield made
    made.close()


def test_nobody_is_waited_for_who_is_known_or_can_not_be_found(seeker: Seeker) -> None:
    for address in ("127.0.0.1", "::1", "fe80::7", "224.0.0.1", "ff02::1"):
        assert not seeker.seek(ip_address(address).packed)
    assert not seeker.seek(KNOWN)


def test_an_address_is_looked_for_once(seeker: Seeker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeking, "MOST_SOUGHT", 2)
    sent: list[tuple[bytes, tuple[str, int]]] = []

    class Socket:
        def sendto(self, data: bytes, to: tuple[str, int]) -> None:
            sent.append((data, to))

        def close(self) -> None:
            pass

    seeker.close()
    seeker._sockets = {4: Socket()}  # type: ignore[dict-item]  # nothing leaves this machine
    first, *others = (ip_address(f"192.0.2.{number}").packed for number in (1, 2, 3))
    assert seeker.seek(first)
    assert not seeker.seek(first)
    assert sent == [(b"", ("192.0.2.1", 9))]
    assert all(map(seeker.seek, others))
    assert seeker.seek(first), "the one of longest ago is looked for again"
    assert not seeker.seek(ip_address("2001:db8::1").packed), "there is no way to that family"


def test_where_no_neighbours_are_heard_of_nobody_is_looked_for(seeker: Seeker) -> None:
    seeker.is_on = False
    assert not seeker.seek(ip_address("192.0.2.1").packed)
