"""Files that tell of devices: read when they change, and said what is wrong with them."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path

from sinkhole.control.devices.file_names import MOST_BYTES, FileNames, Told
from sinkhole.control.settings.devices_schema import DevicesSettings

TABLET, PHONE = ip_address("192.0.2.7").packed, ip_address("192.0.2.8").packed
MAC = bytes.fromhex("020000000007")


def settings(**values: object) -> DevicesSettings:
    return DevicesSettings(**{"hosts_file": False, **values})  # type: ignore[arg-type]  # of a test


def look(files: FileNames) -> Told:
    told = files.look()
    assert told is not None
    return told


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    leases = tmp_path / "dnsmasq.leases"
    leases.write_text("1 02:00:00:00:00:07 192.0.2.7 tablet *\n")
    files = FileNames(settings(), [leases])
    assert look(files) == Told({TABLET: MAC}, {TABLET: ("tablet",)})
    assert files.look() is None
    leases.write_text("1 02:00:00:00:00:07 192.0.2.8 my-tablet *\n")
    assert look(files) == Told({PHONE: MAC}, {PHONE: ("my-tablet",)})
    leases.unlink()
    assert look(files) == Told()


def test_files_of_the_settings_count_for_more_than_the_usual_ones(tmp_path: Path) -> None:
    for name in ("usual", "own"):
        (tmp_path / name).write_text(f"1 02:00:00:00:00:07 192.0.2.7 {name} *\n")
    files = FileNames(settings(lease_files=(tmp_path / "own",)), [tmp_path / "usual"])
    assert look(files).names == {TABLET: ("own",)}


def test_kea_moves_its_file_away_to_clean_up(tmp_path: Path) -> None:
    head = (
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state"
    )
    old, new = (f"192.0.2.{n},02:00:00:00:00:07,,3600,1,1,0,0,h{n},0" for n in (7, 8))
    (tmp_path / "kea-leases4.csv.2").write_text(f"{head}\n{old}\n")
    (tmp_path / "kea-leases4.csv").write_text(f"{head}\n{new}\n")
    files = FileNames(settings(), [tmp_path / "kea-leases4.csv"])
    assert look(files).names == {TABLET: ("h7",), PHONE: ("h8",)}


def test_a_hosts_file(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n192.0.2.7 tablet.home tablet\n")
    files = FileNames(settings(hosts_file=hosts), [])
    assert look(files).hosts == {TABLET: ("tablet.home", "tablet")}


def test_what_is_wrong_with_a_file_that_somebody_named(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * (MOST_BYTES + 1))
    os.mkfifo(tmp_path / "pipe")
    named = tuple(tmp_path / name for name in ("none", "long", "pipe"))
    told = look(FileNames(settings(lease_files=named, hosts_file=tmp_path / "no-hosts"), []))
    assert told.problems == [
        f"there is no lease file {tmp_path}/none",
        f"the lease file {tmp_path}/long can't be read: it has more than 4 MiB",
        f"the lease file {tmp_path}/pipe can't be read: it is not a file",
        f"the hosts file {tmp_path}/no-hosts can't be read: No such file or directory",
    ]
    assert look(FileNames(settings(), named)).problems == []  # of the usual ones nobody is told


def test_what_is_switched_off_is_not_read(tmp_path: Path) -> None:
    leases = tmp_path / "dnsmasq.leases"
    leases.write_text("1 02:00:00:00:00:07 192.0.2.7 tablet *\n")
    assert look(FileNames(settings(leases=False, lease_files=(leases,)), [leases])) == Told()
