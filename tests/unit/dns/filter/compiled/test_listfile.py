"""List files whose seal is right and whose inside is not: written by a bug, or by someone."""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import marisa_trie
import pytest

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.key import query_key
from sinkhole.dns.filter.compiled.listfile import (
    VERSION,
    Contents,
    Part,
    map_list_file,
    write_list_file,
)
from sinkhole.dns.filter.compiled.report import CompileReport
from sinkhole.dns.filter.compiled.source import Fingerprint
from sinkhole.dns.filter.language.reader import LANGUAGE_VERSION
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.model.errors import ListError

TRIE = marisa_trie.BinaryTrie([b"a."]).tobytes()
FLAGS = entry.NETWORK


def contents(report: dict[str, Any] | None = None, shift: int = 24) -> Contents:
    report = CompileReport(names=1).as_dict() if report is None else report
    return Contents("block", Fingerprint(5, 6, "hash"), report, [FLAGS], shift, ["name:TV"])


def parts(**other: Part) -> dict[str, Part]:
    whole: dict[str, Part] = {
        "trie": TRIE,
        "low": array("H", [7]),
        "high": array("B", [0]),
        "offsets": array("Q", [0]),
        "details": b"",
        "patterns": b"",
        "digest": b"",
        "blocks": array("Q", [0, 1 << 40]),
    }
    return whole | other


def sealed(path: Path, body: bytes, described: object) -> Path:
    """A file with a valid seal around any contents."""
    text = json.dumps(described).encode()
    size = len(body) + len(text) + 16 + 16
    data = body + text + struct.pack("=QQ", len(body), size)
    path.write_bytes(data + struct.pack("=II8s", zlib.crc32(data), VERSION, b"sinkhole"))
    return path


def test_what_was_written_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "a.list"
    written = parts(details=b"some", patterns=b"[]")
    write_list_file(path, written, contents())
    mapped = map_list_file(path, "a")
    for name, part in written.items():
        assert mapped[name].tobytes() == memoryview(part).tobytes()
    assert mapped["blocks"].tolist() == [0, 1 << 40]
    assert mapped.contents == contents()
    mapped.close()
    assert [file.name for file in tmp_path.iterdir()] == ["a.list"]
    assert CompiledList.map(path, "a", "block").find(query_key(from_text("a"))) == FLAGS | 7


HEAD: dict[str, Any] = {"kind": "block", "source": [1, 2, "x"], "report": {}, "palette": [0]}
HEAD |= {"shift": 24, "criteria": []}
PLACES = {"trie": [0, 8, "B"], "low": [0, 2, "H"], "high": [0, 1, "B"], "offsets": [0, 8, "Q"]}
PLACES |= {"details": [0, 1, "B"], "patterns": [0, 1, "B"], "digest": [0, 1, "B"]}
PLACES |= {"blocks": [0, 8, "Q"]}


def test_the_shape_is_right_but_for_what_is_tested(tmp_path: Path) -> None:
    map_list_file(sealed(tmp_path / "a.list", b"x" * 8, HEAD | {"parts": PLACES}), "a").close()


@pytest.mark.parametrize(
    "described",
    [
        [],
        {},
        {"kind": "block"},
        HEAD,
        HEAD | {"parts": {}},
        HEAD | {"parts": 5},
        HEAD | {"parts": PLACES, "source": [1]},
        HEAD | {"parts": PLACES, "palette": ["x"]},
        HEAD | {"parts": PLACES, "shift": None},
        HEAD | {"parts": PLACES | {"low": [0, 2, "Q"]}},
        HEAD | {"parts": PLACES | {"low": [0, 3, "H"]}},
        HEAD | {"parts": PLACES | {"low": [0, 2000, "H"]}},
        HEAD | {"parts": PLACES | {"low": [-2, 2, "H"]}},
        HEAD | {"parts": PLACES | {"low": [4, -2, "H"]}},
        HEAD | {"parts": PLACES | {"low": ["x", 2, "H"]}},
    ],
)
def test_contents_of_the_wrong_shape_are_refused(tmp_path: Path, described: object) -> None:
    path = sealed(tmp_path / "a.list", b"x" * 8, described)
    with pytest.raises(ListError, match="not a compiled list"):
        map_list_file(path, "a")


@pytest.mark.parametrize(
    ("written", "report", "shift"),
    [
        (parts(trie=b"this is not a trie"), None, 24),
        (parts(high=array("B")), None, 24),
        (parts(patterns=b"[5]"), None, 24),
        (parts(patterns=b"\xff"), None, 24),
        (parts(), None, 5),
        (parts(), {"colour": 1}, 24),
        (parts(), {"names": 2}, 24),
        (parts(low=array("H", [1, 2]), high=array("B", [0, 0])), None, 24),
    ],
    ids=["trie", "high", "patterns", "bytes", "shift", "report", "names", "entries"],
)
def test_parts_that_are_not_right_are_refused(
    tmp_path: Path, written: dict[str, Part], report: dict[str, Any] | None, shift: int
) -> None:
    path = tmp_path / "a.list"
    write_list_file(path, written, contents(report, shift))
    with pytest.raises(ListError, match=r"not a compiled list|does not fit together"):
        CompiledList.map(path, "a", "block")


@pytest.mark.parametrize("details", [b"", b"{", b"[5]", b'[{"line":1}]'])
def test_details_that_are_not_right_say_nothing(tmp_path: Path, details: bytes) -> None:
    path = tmp_path / "a.list"
    written = parts(details=details, offsets=array("Q", [0, len(details)]))
    detailed = Contents("block", Fingerprint(5, 6, "hash"), CompileReport(names=1).as_dict())
    detailed.palette.append(entry.DETAILED)
    write_list_file(path, written | {"low": array("H", [0])}, detailed)
    mapped = CompiledList.map(path, "a", "block")
    key = query_key(from_text("a"))
    assert mapped.find(key) >= entry.DETAILED
    assert list(mapped.find_rules(key)) == []


def test_the_version_of_the_language_is_kept_and_files_without_one_are_older(
    tmp_path: Path,
) -> None:
    path = tmp_path / "list.trie"
    write_list_file(path, parts(), replace(contents(), language=7))
    assert map_list_file(path, "Test").contents.language == 7
    mapped = CompiledList.from_rules("Test", "block", ["||example.org^"])
    assert mapped.language == LANGUAGE_VERSION
    body = path.read_bytes()
    described = json.loads(body[body.rindex(b'{"kind"') : body.rindex(b"}") + 1])
    del described["language"]
    sealed(path, body[: body.rindex(b'{"kind"')], described)
    assert map_list_file(path, "Test").contents.language == 0
