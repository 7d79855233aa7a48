"""Files that came with the program, and the promises of blocklists/safesearch.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.settings import SafeSearchSettings, shipped
from sinkhole.control.settings.addresses import parse_host_name
from sinkhole.control.settings.shipped import find_shipped, known_engines, read_shipped
from sinkhole.model.errors import SettingsError


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shipped, "ROOTS", (tmp_path / "_shipped", tmp_path))
    return tmp_path


def test_the_copy_within_the_package_comes_first(root: Path) -> None:
    (root / "data.yaml").write_text("a: [1, yes]\n")
    assert read_shipped("data.yaml") == {"a": [1, "yes"]}
    (root / "_shipped").mkdir()
    (root / "_shipped/data.yaml").write_text("b: 2\n")
    assert read_shipped("data.yaml") == {"b": 2}


def test_a_missing_file_says_what_to_do(root: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: .*it comes with sinkhole, install"):
        read_shipped("data.yaml")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"a: [", "data.yaml:2: unexpected end"),
        (b"a: 1\na: 2\n", "data.yaml:2: a: this key is written twice"),
        (b"\xff", "cannot be read"),
    ],
    ids=["empty", "open", "twice", "bytes"],
)
def test_a_damaged_file_is_an_error(root: Path, content: bytes, reason: str) -> None:
    (root / "data.yaml").write_bytes(content)
    with pytest.raises(SettingsError, match=reason):
        read_shipped("data.yaml")


def test_a_file_that_is_nowhere_is_where_it_was_looked_for(root: Path) -> None:
    assert find_shipped("blocklists/none.txt") == Path("blocklists/none.txt")
    (root / "mine.txt").touch()
    assert find_shipped("mine.txt") == root / "mine.txt"
    assert find_shipped(root / "mine.txt") == root / "mine.txt"


def test_the_file_knows_every_engine_of_the_settings_and_its_levels() -> None:
    engines = known_engines()
    assert list(engines) == sorted(SafeSearchSettings.model_fields)
    for engine, known in engines.items():
        levels = {"moderate", "strict"} if engine == "youtube" else {"strict"}
        assert set(known) == {"name", "hosts"} | levels
        targets = {known[level] for level in levels}
        assert len(targets) == len(levels)
        assert not targets.intersection(known["hosts"]), "a host would lead to itself"


def test_every_host_is_a_name_and_stands_once() -> None:
    hosts = [host for known in known_engines().values() for host in known["hosts"]]
    assert len(set(hosts)) == len(hosts)
    for known in known_engines().values():
        assert known["hosts"] == sorted(known["hosts"])
    for host in hosts:
        assert parse_host_name(host) == host


def test_google_is_covered_in_every_country() -> None:
    hosts = known_engines()["google"]["hosts"]
    assert len(hosts) >= 187
    assert all(host.startswith("www.google.") for host in hosts)
    for end in ("com", "de", "co.uk", "com.au", "co.jp", "com.br", "fr", "cat", "rs", "cn"):
        assert f"www.google.{end}" in hosts
