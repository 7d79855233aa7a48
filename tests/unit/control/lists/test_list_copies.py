"""Copies of lists: checked on their way to the disk, packed when they are out of use."""

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinkhole.control.lists.copies import CopyWriter, Received, new_content_hash, pack, unpack
from sinkhole.control.lists.gunzip import Gunzip
from sinkhole.control.settings.units import Size
from sinkhole.model.errors import ListError, StorageError

TEXT = b"# hosts\n" + b"".join(b"0.0.0.0 ads%d.example.org\n" % n for n in range(1000))


def take(
    path: Path, *pieces: bytes, limit: int = 1 << 20, gunzip: Gunzip | None = None
) -> Received:
    writer = CopyWriter("Test", path, limit, gunzip)
    try:
        for piece in pieces:
            writer.feed(piece)
        return writer.finish()
    finally:
        writer.close()


def test_text_is_written_as_it_came_and_hashed(tmp_path: Path) -> None:
    received = take(tmp_path / "part", TEXT[:10], TEXT[10:])
    assert (tmp_path / "part").read_bytes() == TEXT
    assert received == Received(len(TEXT), hashlib.blake2b(TEXT, digest_size=16).hexdigest())


def test_packed_text_is_unpacked_and_hashed_like_the_text(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT)
    received = take(tmp_path / "a", packed[:7], packed[7:50], packed[50:], gunzip=Gunzip())
    assert received == take(tmp_path / "b", TEXT)


def test_packed_data_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="cut off"):
        take(tmp_path / "part", gzip.compress(TEXT)[:-9], gunzip=Gunzip())


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-5] ^= 1  # in the checksum
    with pytest.raises(ListError, match="damaged"):
        take(tmp_path / "part", bytes(packed), gunzip=Gunzip())


def test_text_that_claims_to_be_packed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="damaged"):
        take(tmp_path / "part", TEXT, gunzip=Gunzip())


def test_a_small_file_that_unpacks_to_a_huge_one_stops_at_the_limit(tmp_path: Path) -> None:
    bomb = gzip.compress(b"a" * (64 << 20))
    with pytest.raises(ListError, match="max_list_size"):
        take(tmp_path / "part", bomb, limit=1 << 20, gunzip=Gunzip())
    assert (tmp_path / "part").stat().st_size <= 1 << 20


def test_the_limit_is_told_as_it_is_written_in_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"max_list_size \(1KiB\)"):
        take(tmp_path / "part", TEXT, limit=Size.parse("1KiB"))


def test_more_than_the_limit_is_refused_and_the_limit_itself_is_not(tmp_path: Path) -> None:
    assert take(tmp_path / "a", TEXT, limit=len(TEXT)).size_bytes == len(TEXT)
    with pytest.raises(ListError, match="max_list_size"):
        take(tmp_path / "b", TEXT, limit=len(TEXT) - 1)


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><title>Sign in</title>",
        b"\xef\xbb\xbf\n\n<HTML lang=en>",
        b"<!-- a comment\n of\n many\n lines -->\n" + b" " * 500 + b"<html>",
        b'<?xml version="1.0"?>\n<!-- a --> <!---->\n<!doctype html>',
        b"<!---->" * 140 + b"<html>",
    ],
)
def test_a_web_page_is_refused_however_it_arrives(tmp_path: Path, page: bytes) -> None:
    with pytest.raises(ListError, match="web page"):
        take(tmp_path / "whole", page)
    with pytest.raises(ListError, match="web page"):
        take(tmp_path / "bytes", *(page[i : i + 1] for i in range(len(page))))


@pytest.mark.parametrize(
    "start",
    [b"# not for <html> filters\n", b"! <!DOCTYPE html> is a web page\n", b"<!---->" * 140],
)
def test_a_list_that_speaks_of_web_pages_is_none(tmp_path: Path, start: bytes) -> None:
    assert take(tmp_path / "part", start + TEXT).size_bytes == len(start + TEXT)


@pytest.mark.parametrize(
    "data",
    [
        *(b"\x1f\x8b\x08example", b"PK\x03\x04example", b"\x7fELF\x02", bytes(17), b"a\0\n" * 500),
        *(TEXT + bytes(len(TEXT)), bytes(range(256)) * 20, b"SQLite format 3\0" + TEXT),
        *(("a.example\n" * 2).encode("utf-16-le"), b"%PDF-1.7\n" + TEXT, b"BZh91AY&SY" + TEXT),
    ],
)
def test_what_is_not_text_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ListError, match="not text"):
        take(tmp_path / "part", data)


@pytest.mark.parametrize(
    "data",
    [
        b"a1.example.org\nbad\033.example.org\na2.example.org\n",
        b"# a \0 comment\n" + TEXT,
        b"\033[1m# bold\n" + TEXT,
        TEXT + b"bad\0.example.org\n" + TEXT,
        b"example.org\n" * 500 + b"\0",
        TEXT + bytes(100),
        b"# \033[1;32m#\033[0m\n" * 100 + TEXT,
        b"ads.example\n\0\n",
        b"# \033[1mmine\033[0m\nads.example",
    ],
    ids=[
        *("escape", "zero in a comment", "escape at the top", "zero", "zero at the end", "holes"),
        *("banner in colours", "short with a zero", "short in colours"),
    ],
)
def test_single_control_characters_cost_no_list(tmp_path: Path, data: bytes) -> None:
    assert take(tmp_path / "whole", data).size_bytes == len(data)
    pieces = (data[at : at + 1] for at in range(len(data)))
    assert take(tmp_path / "bytes", *pieces).size_bytes == len(data)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_is_named(tmp_path: Path, encoding: str) -> None:
    texts = ("\ufeffads.example.org\n", "\ufeff" + TEXT.decode(), "\ufeff例え.例\n")
    for place, text in enumerate(texts):
        with pytest.raises(ListError, match=f"text in {encoding[:6].upper()}, .* UTF-8"):
            take(tmp_path / str(place), text.encode(encoding))


def test_text_in_other_alphabets_and_old_line_ends_is_text(tmp_path: Path) -> None:
    data = "# Gemüse, овощи\r\nexample.org\t\f\r\n\x1a".encode()
    assert take(tmp_path / "part", data).size_bytes == len(data)


@pytest.mark.parametrize("pieces", [[], [b""], [b" \r\n", b"\t\n"]])
def test_an_empty_list_is_refused(tmp_path: Path, pieces: list[bytes]) -> None:
    with pytest.raises(ListError, match="empty"):
        take(tmp_path / "part", *pieces)


def test_an_existing_file_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "part").write_text("something else")
    with pytest.raises(FileExistsError):
        take(tmp_path / "part", TEXT)


# Packed


def hash_of(text: bytes) -> str:
    found = new_content_hash()
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
    unpack(packed, plain, hash_of(text), len(text))
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
        unpack(tmp_path / "b", tmp_path / "c", hash_of(TEXT), len(TEXT))


def test_a_copy_that_unpacks_to_more_than_it_was_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a" * (8 << 20))
    pack(tmp_path / "a", tmp_path / "b")
    with pytest.raises(StorageError, match="damaged"):
        unpack(tmp_path / "b", tmp_path / "c", hash_of(TEXT), len(TEXT))
    assert (tmp_path / "c").stat().st_size < 1 << 20


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="can't be packed"):
        pack(tmp_path / "none", tmp_path / "b")
