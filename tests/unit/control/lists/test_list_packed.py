"""Copies of versions out of use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinkhole.control.lists.packed import digest_of, pack, unpack
from sinkhole.model.errors import StorageError

TEXT = b"".join(b"0.0.0.0 ads%d.example.org\n" % n for n in range(1000))


def digest(text: bytes) -> str:
    found = digest_of()
    found.update(text)
    return found.hexdigest()


@given(text=st.binary(max_size=5000))
@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_unpacked_is_what_was_packed(tmp_path: Path, text: bytes) -> None:
    """Packing and unpacking give the same bytes, for any."""
    source, packed, plain = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    for path in (packed, plain):
        path.unlink(missing_ok=True)
    source.write_bytes(text)
    pack(source, packed)
    unpack(packed, plain, digest(text), len(text))
    assert plain.read_bytes() == text


def test_a_list_takes_a_quarter_of_its_room(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    pack(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").stat().st_size * 4 < len(TEXT)


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "none"])
def test_a_damaged_copy_is_told(tmp_path: Path, damage: str) -> None:
    (tmp_path / "a").write_bytes(TEXT if damage != "other" else TEXT[:-1])
    pack(tmp_path / "a", tmp_path / "b")
    data = bytearray((tmp_path / "b").read_bytes())
    if damage == "cut":
        data = data[:-20]
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
    (tmp_path / "b").write_bytes(data)
    if damage == "none":
        (tmp_path / "b").unlink()
    with pytest.raises(StorageError):
        unpack(tmp_path / "b", tmp_path / "c", digest(TEXT), len(TEXT))


def test_a_copy_that_unpacks_to_more_than_it_was_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a" * (8 << 20))
    pack(tmp_path / "a", tmp_path / "b")
    with pytest.raises(StorageError, match="damaged"):
        unpack(tmp_path / "b", tmp_path / "c", digest(TEXT), len(TEXT))
    assert (tmp_path / "c").stat().st_size < 1 << 20


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="can't be packed"):
        pack(tmp_path / "none", tmp_path / "b")
