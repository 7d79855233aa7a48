"""What a process may do on its machine, as the kernel tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.machine.rights import is_contained, may_listen

NONE, LOW_PORTS = "0000000000000000", "0000000000000400"


def proc_of(folder: Path, *, first: str = "1024\n", rights: str = NONE) -> Path:
    (folder / "sys/net/ipv4").mkdir(parents=True)
    (folder / "sys/net/ipv4/ip_unprivileged_port_start").write_text(first)
    (folder / "self").mkdir()
    (folder / "self/status").write_text(f"Name:\tx\nCapPrm:\t{rights}\nCapEff:\t{rights}\n")
    return folder


@pytest.mark.parametrize(
    ("port", "first", "rights", "may"),
    [
        (53, "1024\n", NONE, False),
        (1024, "1024\n", NONE, True),
        (53, "53\n", NONE, True),
        (53, "1024\n", LOW_PORTS, True),
        (53, "odd\n", "odd", False),
    ],
)
def test_low_ports_take_a_right_or_a_kernel_that_gives_them_to_all(
    tmp_path: Path, port: int, first: str, rights: str, may: bool
) -> None:
    assert may_listen(port, proc_of(tmp_path, first=first, rights=rights)) is may


def test_where_nothing_is_told_it_is_as_usual(tmp_path: Path) -> None:
    assert not may_listen(53, tmp_path)
    assert may_listen(5353, tmp_path)


@pytest.mark.parametrize("sign", [".dockerenv", "run/.containerenv"])
def test_a_container_is_known_by_a_file(tmp_path: Path, sign: str) -> None:
    assert not is_contained(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / sign).touch()
    assert is_contained(tmp_path)
