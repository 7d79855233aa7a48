"""Data files that travel with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.settings import shipped
from sinkhole.control.settings.shipped import read_shipped
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
