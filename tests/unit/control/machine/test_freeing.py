"""What is typed goes by the program, and has nothing of a name that nobody knows."""

from __future__ import annotations

import pytest

from sinkhole.control.machine.freeing import way_to_free, way_to_the_right
from sinkhole.control.machine.port_holders import KNOWN


@pytest.mark.parametrize(
    ("program", "kind", "said"),
    [
        ("systemd-resolved", "resolved", "DNSStubListener=no"),
        ("dnsmasq", "dnsmasq", "disable --now dnsmasq"),
        ("unbound", "service", "disable --now unbound"),
        ("kresd", "service", "kresd@1"),
        ("docker-proxy", "container", "publish=5353"),
        ("sinkhole", "sinkhole", "status sinkhole"),
    ],
)
def test_what_is_known_has_its_own_way(program: str, kind: str, said: str) -> None:
    way = way_to_free(program, 5353)
    assert way.kind == kind
    assert said in " ".join(way.commands)


@pytest.mark.parametrize("odd", ["; rm -rf /", "constructor", ""])
def test_what_is_not_known_is_looked_for(odd: str) -> None:
    assert way_to_free(odd, 53) == ("unknown", ("sudo ss -lnptu 'sport = :53'",))


def test_every_program_that_is_recognised_has_a_way() -> None:
    assert all(way_to_free(program, 53).kind != "unknown" for program in KNOWN.values())


def test_the_right_is_given_from_the_port_on() -> None:
    assert "unprivileged_port_start=53" in way_to_the_right(53)[0]
