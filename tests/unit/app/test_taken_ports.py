"""Who has a port, and what to type: in the words of health, greeting and page."""

from __future__ import annotations

import errno
import socket

import pytest
from places import nobodys_place

from sinkhole.app import taken_ports as subject
from sinkhole.app.taken_ports import TakenPorts
from sinkhole.control.machine.port_holders import Holder
from sinkhole.dns.server.address import ListenAddress
from sinkhole.dns.server.sockets import ListenError

RESOLVED = Holder("127.0.0.53", 53, "UDP", "systemd-resolved", "systemd-resolve", False)


def error(number: int = errno.EADDRINUSE, host: str = "0.0.0.0") -> ListenError:
    return ListenError(host, 53, OSError(number, "as arranged"))


async def told(
    monkeypatch: pytest.MonkeyPatch, *there: Holder, host: str = "0.0.0.0", port: int = 53
) -> str:
    """What is said of an address while others have these."""
    monkeypatch.setattr(subject, "holders", lambda ports: [*there])
    address = ListenAddress(host, port, lambda *_: pytest.fail("it is not there"))
    address.errors["UDP"] = found = error(host=host)
    ports = TakenPorts()
    await ports.look([address])
    return ports.advice(host, port, found)


@pytest.mark.parametrize(
    ("holder", "said"),
    [
        (RESOLVED, "To have systemd-resolved let go, type `sudo mkdir -p /etc/systemd/"),
        (RESOLVED._replace(program="unbound"), "type `sudo systemctl disable --now unbound`."),
        (RESOLVED._replace(program="dnsmasq"), "If dnsmasq serves virtual machines, leave it"),
        (RESOLVED._replace(program="docker-proxy"), "`docker ps --filter publish=53` tells which"),
        (RESOLVED._replace(program="sinkhole"), "stop one of the two."),
        (RESOLVED._replace(program="mine"), "`sudo ss -lnptu 'sport = :53'` tells which one"),
    ],
)
async def test_who_has_it_and_what_to_type(
    monkeypatch: pytest.MonkeyPatch, holder: Holder, said: str
) -> None:
    text = await told(monkeypatch, holder, holder._replace(transport="TCP"))
    assert text.startswith(f"0.0.0.0:53 is in use by {holder.program} (127.0.0.53:53). ")
    assert said in text


async def test_all_who_have_it_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    other = RESOLVED._replace(program="dnsmasq", address="10.0.3.1")
    text = await told(monkeypatch, RESOLVED, other)
    assert "by systemd-resolved (127.0.0.53:53) and dnsmasq (10.0.3.1:53). To have" in text


@pytest.mark.parametrize(
    ("ours", "theirs", "is_in_the_way"),
    [
        ("0.0.0.0", "127.0.0.53", True),
        ("0.0.0.0", "::", True),
        ("192.0.2.1", "0.0.0.0", True),
        ("::", "::1", True),
        ("0.0.0.0", "::1", False),
        ("::1", "127.0.0.1", False),
        ("192.0.2.1", "127.0.0.53", False),
    ],
)
async def test_who_is_elsewhere_is_not_in_the_way(
    monkeypatch: pytest.MonkeyPatch, ours: str, theirs: str, is_in_the_way: bool
) -> None:
    text = await told(monkeypatch, RESOLVED._replace(address=theirs), host=ours)
    assert ("systemd-resolved (" in text) == is_in_the_way


async def test_neither_we_nor_another_port_is_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    there = RESOLVED._replace(is_us=True), RESOLVED._replace(port=5353)
    assert await told(monkeypatch, *there) == error().advice


@pytest.mark.parametrize("name", ["a`b", "x. Type `rm", "a\nb", "", "\x1b[1m"])
async def test_a_name_that_could_be_read_as_ours_is_not_told(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text = await told(monkeypatch, RESOLVED._replace(program=name))
    assert "is in use by a program of systemd-resolve (" in text
    nameless = RESOLVED._replace(program=name, user=name)
    assert "is in use by another program (" in await told(monkeypatch, nameless)


def test_a_right_that_is_missing_is_given_by_what_is_typed() -> None:
    text = TakenPorts().advice("::", 53, error(errno.EACCES))
    assert text.startswith("[::]:53 needs the right")
    assert "ip_unprivileged_port_start=53" in text


async def test_the_kernel_is_asked_where_a_port_is_taken() -> None:
    place = nobodys_place()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(place)
        address = ListenAddress(*place, lambda *_: pytest.fail("it is not there"))
        address.bind()
        ports = TakenPorts()
        await ports.look([address])
        assert (place.host, "UDP") in {(each.address, each.transport) for each in ports._holders}
        address.errors.clear()
        await ports.look([address])
        assert ports._holders == ()
        address.release()
