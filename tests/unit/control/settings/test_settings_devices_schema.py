"""Where names and MACs of devices come from."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from sinkhole.control.settings import Settings
from sinkhole.control.settings.addresses import Endpoint

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def test_everything_is_found_out_unless_it_is_switched_off(loaded: Load) -> None:
    devices = loaded("").devices
    assert devices.neighbours and devices.leases and devices.reverse and devices.mdns
    assert devices.makers
    assert devices.hosts_file == Path("/etc/hosts")
    assert (devices.router, devices.lease_files, devices.forwarders) == (None, (), ())


def test_all_of_it_can_be_set(loaded: Load) -> None:
    devices = loaded(
        "devices: {neighbours: no, hosts_file: off, leases: false, lease_files: [/srv/leases],"
        " reverse: no, router: 192.0.2.1, mdns: no, makers: no, forwarders: [192.0.2.0/28]}"
    ).devices
    assert not (devices.neighbours or devices.leases or devices.reverse or devices.mdns)
    assert not (devices.makers or devices.hosts_file)
    assert devices.lease_files == (Path("/srv/leases"),)
    assert devices.router == Endpoint("192.0.2.1", 53)
    assert devices.forwarders == (ip_network("192.0.2.0/28"),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("router: router.lan", "devices.router"),
        ("router: 0.0.0.0", "devices.router"),
        ("lease_files: [/a, /a]", 'devices.lease_files[1]: "/a" is listed twice'),
        ("forwarders: [nobody]", "devices.forwarders[0]"),
        ("mdns: perhaps", "devices.mdns"),
        ("arp: yes", "devices.arp"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(problems: Problems, text: str, found: str) -> None:
    assert any(found in each for each in problems(f"devices: {{{text}}}"))
