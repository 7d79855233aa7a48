"""List files whose seal is right and whose inside is not: written by a bug, or by someone."""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from pathlib import Path

import marisa_trie
import pytest

from sinkhole.errors import ListError
from sinkhole.filter.listfile import Contents, map_list_file, write_list_file
from sinkhole.filter.report import CompileReport
from sinkhole.filter.source import Fingerprint
from sinkhole.filter.trie import CompiledList

CONTENTS = Contents("block", Fingerprint(5, 6, "digest"), CompileReport(names=1).as_dict())


def sealed(path: Path, body: bytes, contents: object) -> Path:
    """A file with a valid seal around any contents."""
    described = json.dumps(contents).encode()
    size = len(body) + len(described) + 16 + 16
    data = body + described + struct.pack("=QQ", len(body), size)
    path.write_bytes(data + struct.pack("=II8s", zlib.crc32(data), 1, b"sinkhole"))
    return path


def test_what_was_written_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "a.list"
    entries, blocks = array("I", [1, 2, 3]), array("Q", [0, 1 << 40])
    write_list_file(path, b"trie!", entries, blocks, CONTENTS)
    parts = map_list_file(path, "a")
    assert list(parts.entries) == [1, 2, 3]
    assert list(parts.blocks) == [0, 1 << 40]
    assert parts.contents == CONTENTS
    assert bytes(parts.mapping[:5]) == b"trie!"
    parts.close()
    assert [file.name for file in tmp_path.iterdir()] == ["a.list"]


@pytest.mark.parametrize(
    "contents",
    [
        [],
        {},
        {"kind": "block"},
        {"kind": "block", "source": [1], "report": {}, "entries": [0, 0], "blocks": [0, 0]},
        {"kind": "block", "source": [1, 2, "x"], "report": {}, "entries": 5, "blocks": [0, 0]},
        {"kind": "block", "source": [1, 2, "x"], "report": {}, "entries": [1, 1], "blocks": ["x"]},
    ],
)
def test_contents_of_the_wrong_shape_are_refused(tmp_path: Path, contents: object) -> None:
    path = sealed(tmp_path / "a.list", b"x" * 8, contents)
    with pytest.raises(ListError, match="not a compiled list"):
        map_list_file(path, "a")


def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.list"
    trie = marisa_trie.BinaryTrie([b"a."]).tobytes()
    write_list_file(path, trie, array("I", [1, 2]), array("Q"), CONTENTS)
    with pytest.raises(ListError, match="does not fit together"):
        CompiledList.map(path, "a", "block")


def test_what_is_no_trie_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.list"
    write_list_file(path, b"this is not a trie", array("I", [1]), array("Q"), CONTENTS)
    with pytest.raises(ListError, match="not a compiled list"):
        CompiledList.map(path, "a", "block")


def test_a_report_of_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.list"
    trie = marisa_trie.BinaryTrie([b"a."]).tobytes()
    contents = Contents("block", Fingerprint(5, 6, "x"), {"colour": 1})
    write_list_file(path, trie, array("I", [1]), array("Q"), contents)
    with pytest.raises(ListError, match="not a compiled list"):
        CompiledList.map(path, "a", "block")
