"""Local names: their records together, and the hosts file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sinkhole.control.settings import Settings, effective

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def test_a_name_has_records_of_several_types(loaded: Load) -> None:
    text = "local: {records: {mail.home: [192.0.2.5, 'MX 10 mail.home', 'TXT v=spf1']}}"
    (records,) = loaded(text).local.records.values()
    assert [str(record) for record in records] == ["192.0.2.5", "MX 10 mail.home", 'TXT "v=spf1"']
    assert [rtype for rtype, _ in loaded(text).local.wire_records["mail.home"]] == [1, 15, 16]


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (
            "[192.0.2.5, CNAME nas.home]",
            'records.a.home[1]: "CNAME nas.home": a name with a CNAME can have nothing else',
        ),
        ("[CNAME b.home, CNAME nas.home]", "records.a.home[0]: "),
        ("[CNAME A.home]", 'records.a.home[0]: "CNAME a.home" leads to itself'),
        ("[MX mail.home]", 'records.a.home[0]: "MX mail.home" is no MX record: '),
    ],
)
def test_records_that_cannot_be_are_refused(problems: Problems, records: str, found: str) -> None:
    (problem,) = problems(f"local:\n  records:\n    a.home: {records}\n")
    assert problem.startswith("s.yaml:3: local.")
    assert found in problem


def test_records_are_told_as_they_are_read(loaded: Load) -> None:
    text = "local:\n  records: {'*.a.home': [CNAME a.home], a.home: ['::1', 'TXT \"x y\"']}\n"
    settings = loaded(text)
    told = effective(settings)
    assert r'"TXT \"x y\""' in told
    assert loaded(told) == settings


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
