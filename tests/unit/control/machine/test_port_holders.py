"""Who has a port, by what the kernel tells everybody; and which program, as far as one may see."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinkhole.control.machine.port_holders import PROC, Holder, holders

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
OURS = os.getuid()
OUR_NAME = pwd.getpwuid(OURS).pw_name
NOBODY = 3_999_999_999


def line(address: str, inode: int, *, state: str = "07", uid: int = OURS) -> str:
    return (
        f"  12: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 0 {uid} 0 {inode} 2 x"
    )


class Proc:
    """A /proc as the kernel shows it; all processes in it belong to who runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "self/net").mkdir(parents=True)
        (folder / "self/fd").mkdir()

    def table(self, name: str, *lines: str) -> None:
        (self.folder / "self/net" / name).write_text("\n".join([HEAD, *lines, ""]))

    def process(self, pid: str, name: str, *inodes: int, command: bytes = b"") -> None:
        (self.folder / pid / "fd").mkdir(parents=True, exist_ok=True)
        (self.folder / pid / "comm").write_text(f"{name}\n")
        (self.folder / pid / "cmdline").write_bytes(command)
        for number, inode in enumerate(inodes):
            (self.folder / pid / "fd" / str(number)).symlink_to(f"socket:[{inode}]")


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def test_addresses_of_both_families_and_transports_are_read(proc: Proc) -> None:
    proc.table("udp", line("3500007F:0035", 1))
    proc.table("udp6", line("00000000000000000000000001000000:0035", 2))
    proc.table("tcp", line("00000000:0035", 3, state="0A"))
    found = holders({53}, proc.folder)
    assert [(each.address, each.transport) for each in found] == [
        ("0.0.0.0", "TCP"),
        ("127.0.0.53", "UDP"),
        ("::1", "UDP"),
    ]


def test_other_ports_and_what_is_not_listening_do_not_count(proc: Proc) -> None:
    proc.table("udp", line("0100007F:0036", 1), line("0100007F:0035", 2, state="01"))
    proc.table("tcp", line("0100007F:0035", 3, state="01"), "garbage", "")
    assert holders({53}, proc.folder) == []


def test_our_own_sockets_are_known(proc: Proc) -> None:
    proc.table("udp", line("0100007F:0035", 7))
    (proc.folder / "self/fd/3").symlink_to("socket:[7]")
    (proc.folder / "self/fd/4").symlink_to("/dev/null")
    assert holders({53}, proc.folder) == [
        Holder("127.0.0.1", 53, "UDP", "sinkhole", OUR_NAME, is_us=True)
    ]


def test_the_program_is_the_one_that_has_the_socket(proc: Proc) -> None:
    proc.table("udp", line("0100007F:0035", 7))
    proc.process("11", "unbound")  # serves DNS, elsewhere
    proc.process("12", "my-own-dns", 7)
    assert [each.program for each in holders({53}, proc.folder)] == ["my-own-dns"]


def test_where_that_can_not_be_seen_it_is_one_that_is_known_of_the_same_user(proc: Proc) -> None:
    proc.table("udp", line("3500007F:0035", 7))
    proc.process("11", "bash")
    proc.process("12", "systemd-resolve")
    (proc.folder / "13").mkdir()  # one that is ending
    assert [each.program for each in holders({53}, proc.folder)] == ["systemd-resolved"]


def test_another_users_program_is_not_taken_for_it(proc: Proc) -> None:
    proc.table("udp", line("3500007F:0035", 7, uid=NOBODY))
    proc.process("12", "systemd-resolve")
    assert holders({53}, proc.folder) == [Holder("127.0.0.53", 53, "UDP", "", "", is_us=False)]


def test_a_user_of_a_known_name_is_enough(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = pwd.struct_passwd(("systemd-resolve", "x", NOBODY, 1, "", "/", "/bin/false"))
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: entry)
    proc.table("udp", line("3500007F:0035", 7, uid=NOBODY))
    (found,) = holders({53}, proc.folder)
    assert (found.program, found.user) == ("systemd-resolved", "systemd-resolve")


def test_another_sinkhole_is_known_though_it_is_a_script(proc: Proc) -> None:
    proc.table("udp", line("0100007F:14E9", 7), line("0100007F:0035", 8))
    proc.process("12", "python3", 7, command=b"python3\0/opt/sinkhole/bin/sinkhole\0run\0")
    proc.process("13", "python3", 8, command=b"python3\0other.py\0")
    assert [each.program for each in holders({53, 5353}, proc.folder)] == ["python3", "sinkhole"]


def test_without_such_tables_nothing_is_told(tmp_path: Path) -> None:
    assert holders({53}, tmp_path) == []


@pytest.fixture
def held() -> Iterator[int]:
    """A port that this process has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@pytest.mark.skipif(not (PROC / "self/net/udp").exists(), reason="this system tells nothing")
def test_asking_the_kernel_of_this_machine(held: int) -> None:
    assert Holder("127.0.0.1", held, "UDP", "sinkhole", OUR_NAME, is_us=True) in holders({held})
