"""Archives are read with distrust: nothing but what sinkhole writes itself is taken."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinkhole.control.state import backup_file as subject
from sinkhole.control.state.backup_file import read_manifest, unpack, write_backup
from sinkhole.model.errors import StorageError


def an_archive(folder: Path) -> Path:
    (folder / "a.db").write_bytes(b"state" * 1000)
    (folder / "a.yaml").write_text("dns: {}\n")
    path = folder / "a.zip"
    parts = {"state.db": folder / "a.db", "settings/01-a.yaml": folder / "a.yaml"}
    write_backup(path, parts, 1_800_000_000.5, "asked")
    return path


def unpacked(path: Path, folder: Path) -> list[str]:
    folder.mkdir()
    unpack(path, folder)
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = an_archive(tmp_path)
    manifest = read_manifest(path)
    assert (manifest.made, manifest.reason) == (1_800_000_000.5, "asked")
    assert manifest.parts["settings/01-a.yaml"].origin == str(tmp_path / "a.yaml")
    assert unpacked(path, tmp_path / "out") == ["settings/01-a.yaml", "state.db"]
    assert (tmp_path / "out" / "state.db").read_bytes() == b"state" * 1000


def test_one_part_can_be_had_alone_and_all_are_checked(tmp_path: Path) -> None:
    path, folder = an_archive(tmp_path), tmp_path / "out"
    folder.mkdir()
    unpack(path, folder, frozenset({"settings/01-a.yaml"}))
    assert not (folder / "state.db").exists()


def rewritten(path: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """The archive with its manifest and its files changed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    change(manifest, files)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return path


def add(name: str, size: int = 1) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        files[name] = b"x" * size
        manifest["parts"][name] = {"size_bytes": size, "sha256": ""}

    return change


@pytest.mark.parametrize(
    "name",
    ["../state.db", "/etc/passwd", "settings/../../a", "settings/.hidden", "settings/a/b", "other"],
)
def test_no_part_leaves_the_folder(tmp_path: Path, name: str) -> None:
    path = rewritten(an_archive(tmp_path), add(name))
    with pytest.raises(StorageError, match="no part of a backup"):
        unpacked(path, tmp_path / "out")
    assert not (tmp_path / "out" / "state.db").exists()


def test_a_part_that_is_not_what_the_manifest_says_is_damaged(tmp_path: Path) -> None:
    def other(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        files["state.db"] = b"other" * 1000

    with pytest.raises(StorageError, match=r"state\.db is damaged"):
        unpacked(rewritten(an_archive(tmp_path), other), tmp_path / "out")


def test_a_part_that_grows_is_not_read_to_its_end(tmp_path: Path) -> None:
    def bomb(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        files["settings/01-a.yaml"] = b"\0" * (64 << 20)

    with pytest.raises(StorageError, match="is damaged"):
        unpacked(rewritten(an_archive(tmp_path), bomb), tmp_path / "out")
    assert (tmp_path / "out" / "settings" / "01-a.yaml").stat().st_size <= 2 << 20


def test_sizes_that_are_claimed_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST_STATE_BYTES", 100)
    with pytest.raises(StorageError, match="too large"):
        read_manifest(an_archive(tmp_path))


def test_files_that_the_manifest_does_not_know_are_refused(tmp_path: Path) -> None:
    def more(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        files["more"] = b""

    with pytest.raises(StorageError, match="has not the files"):
        read_manifest(rewritten(an_archive(tmp_path), more))


def test_a_backup_of_a_later_format_is_refused_in_words(tmp_path: Path) -> None:
    def later(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        manifest |= {"format": 2, "sinkhole": "9.0"}

    with pytest.raises(StorageError, match=r"made by sinkhole 9\.0.*update sinkhole"):
        read_manifest(rewritten(an_archive(tmp_path), later))


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest, files: manifest.clear(),
        lambda manifest, files: manifest.update(parts=[]),
        lambda manifest, files: manifest.update(parts={"state.db": 1}),
        lambda manifest, files: manifest.update(made="now"),
        lambda manifest, files: manifest.update(made=float("nan")),
        lambda manifest, files: manifest["parts"]["state.db"].pop("sha256"),
        lambda manifest, files: manifest.update(format="one"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, change: Any) -> None:
    with pytest.raises(StorageError):
        read_manifest(rewritten(an_archive(tmp_path), change))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_an_archive_that_is_packed_in_another_way_is_refused(tmp_path: Path, method: int) -> None:
    path = an_archive(tmp_path)
    data = bytearray(path.read_bytes())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 10 : at + 12] = method.to_bytes(2, "little")
        at += 4
    path.write_bytes(data)
    with pytest.raises(StorageError, match="packed oddly"):
        read_manifest(path)


def test_a_bug_of_ours_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise KeyError("a bug")

    path = an_archive(tmp_path)
    monkeypatch.setattr(subject, "_copied", bug)
    with pytest.raises(KeyError, match="a bug"):
        unpacked(path, tmp_path / "out")


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(StorageError, match="no backup"):
        read_manifest(path)


def test_an_archive_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        read_manifest(tmp_path / "a.zip")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), cut=st.booleans())
def test_an_archive_with_a_wrong_byte_unpacks_whole_or_is_a_storage_error(
    tmp_path_factory: pytest.TempPathFactory, at: float, byte: int, cut: bool
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    path = an_archive(folder)
    data = bytearray(path.read_bytes())
    place = int(at * len(data))
    data[place] = byte
    path.write_bytes(data[:place] if cut else data)
    try:
        unpacked(path, folder / "out")
    except StorageError:
        return
    assert (folder / "out" / "state.db").read_bytes() == b"state" * 1000
