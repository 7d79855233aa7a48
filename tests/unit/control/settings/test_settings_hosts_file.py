"""A hosts file: which is meant, what is taken and left out, and what happens at the bounds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sinkhole.control.settings import Settings, effective, hosts_file
from sinkhole.control.settings.hosts_file import HostsFile, read_hosts_file

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def read(folder: Path, content: str | bytes) -> HostsFile:
    file = folder / "hosts"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_hosts_file(file)


def shown(found: HostsFile) -> dict[str, list[str]]:
    return {name: [str(each) for each in values] for name, values in found.addresses.items()}


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("false", False),
        ("off", False),
        ("true", Path("/etc/hosts")),
        ("yes", Path("/etc/hosts")),
        ("./house.hosts", Path("house.hosts")),
        ("/etc/house.hosts", Path("/etc/house.hosts")),
    ],
)
def test_the_hosts_file_is_off_that_of_the_machine_or_another(
    loaded: Load, written: str, path: object
) -> None:
    settings = loaded(f"local: {{hosts_file: {written}}}")
    assert settings.local.hosts_file == path
    assert loaded(effective(settings)) == settings


def test_a_hosts_file_is_a_path(problems: Problems) -> None:
    (problem,) = problems("local: {hosts_file: 5}")
    assert problem == 's.yaml:1: local.hosts_file: 5 is not text, write "5"'
    (problem,) = problems("local: {hosts_file: ~/hosts}")
    assert "~ has no meaning here" in problem


def test_a_name_has_the_addresses_of_all_its_lines(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "# the house\n192.0.2.10\tNAS.home nas  # cellar\n\n"
        "2001:db8::10 nas.home\r\n192.0.2.10 nas\n",
    )
    assert shown(found) == {"nas.home": ["192.0.2.10", "2001:db8::10"], "nas": ["192.0.2.10"]}
    assert (found.bad_lines, found.problem) == (0, "")


def test_addresses_that_mean_something_else_elsewhere_are_left_out(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "127.0.0.1 localhost\n127.0.1.1 box\n::1 ip6-localhost\nff02::1 ip6-allnodes\n"
        "fe80::1%eth0 box\n0.0.0.0 ads.example\n:: ads.example\n",
    )
    assert shown(found) == {"ads.example": ["0.0.0.0", "::"]}
    assert found.bad_lines == 0


@pytest.mark.parametrize(
    "line",
    ["192.0.2.1", "127.0.0.1", "nas.home", "nas 192.0.2.1", "192.0.2.1 a b/c", "192.0.2.300 a"],
)
def test_bad_lines_are_skipped_whole_and_counted(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, f"{line}\n192.0.2.9 good.home\n")
    assert shown(found) == {"good.home": ["192.0.2.9"]}
    assert found.bad_lines == 1


def test_any_bytes_are_survived(tmp_path: Path) -> None:
    found = read(
        tmp_path, b"\xef\xbb\xbf192.0.2.1 a.home\n\xff\xfe\x00 \x80\n192.0.2.2 b\xff.home\n"
    )
    assert shown(found) == {"a.home": ["192.0.2.1"]}
    assert found.bad_lines == 2


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    found = read_hosts_file(tmp_path / "hosts")
    assert (
        found.problem == f"the hosts file {tmp_path}/hosts can't be read: No such file or directory"
    )
    assert not found.addresses


def test_what_is_no_file_is_a_problem_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        found = read_hosts_file(path)
        assert found.problem.startswith(f"the hosts file {path} can't be read: ")
        assert not found.addresses


def test_a_long_file_is_cut_behind_its_last_whole_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts_file, "MOST_BYTES", 30)
    found = read(tmp_path, "192.0.2.1 a.home\n192.0.2.2 b.home.example\n")
    assert shown(found) == {"a.home": ["192.0.2.1"]}
    assert found.problem.endswith("it is cut off") and found.bad_lines == 0


def test_too_many_names_are_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts_file, "MOST_NAMES", 3)
    found = read(tmp_path, "192.0.2.1 a b c\n192.0.2.2 a\n192.0.2.1 d e f\n192.0.2.1 g\n")
    assert list(found.addresses) == ["a", "b", "c"]
    assert found.problem.endswith("has more than 3 names, it is cut off")
