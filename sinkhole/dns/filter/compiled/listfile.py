"""The layout of a compiled list on disk: one file, made to be mapped and shared.

    trie       marisa's own format, at the very beginning, so that marisa maps it in place
    low, high  what each key stands for, by the key's id: packed entries (see `entry`)
    offsets    where each record of `details` begins, and the last one ends
    details    rules that are more than a name and a line (see `details`)
    patterns   masks and regular expressions (see `grams`)
    digest     the Bloom filter of its names (see `bloom`)
    blocks     where every 64th line begins in the source
    contents   JSON: kind, fingerprint of the source, report, where the parts begin, and more
    footer     native: where `contents` begins, size of the file, CRC-32 of all before the CRC,
               version, magic

7 to 11 bytes a name, fewer in longer lists. The parts are native-endian because the file never
leaves the machine that made it; on a machine of the other kind the version does not fit, and the
list is compiled anew.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from sinkhole.dns.filter.compiled.source import Fingerprint
from sinkhole.dns.filter.language.line import Kind
from sinkhole.model.errors import ListError
from sinkhole.model.files import write_atomically

VERSION = 2
_MAGIC = b"sinkhole"
_PLACES = struct.Struct("=QQ")
_SEAL = struct.Struct("=II8s")
_ALIGN = 8
_CHUNK = 1 << 18
_TYPECODES = {"trie": "B", "low": "H", "high": "BH", "offsets": "Q", "details": "B"}
_TYPECODES |= {"patterns": "B", "digest": "B", "blocks": "Q"}


Part: TypeAlias = "bytes | array[int]"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a list file says about itself.

    `palette` and `shift` belong to the packed entries, `criteria` is what the rules ask about
    clients, `language` the version of the rule language that it was compiled by.
    """

    kind: Kind
    fingerprint: Fingerprint
    report: dict[str, Any]
    palette: list[int] = field(default_factory=list)
    shift: int = 24
    criteria: list[str] = field(default_factory=list)
    language: int = 0


@dataclass(frozen=True, slots=True)
class MappedParts:
    """The parts of a list file by name, mapped read-only, as arrays of their items.

    The mapping goes when the last reference to it goes, or at once with `close`.
    """

    parts: dict[str, memoryview]
    contents: Contents
    mapping: mmap.mmap

    def __getitem__(self, name: str) -> memoryview:
        return self.parts[name]

    def close(self) -> None:
        """Give the mapping back; nothing may look into it any more."""
        for part in self.parts.values():
            part.release()
        self.mapping.close()


def write_list_file(target: Path, parts: Mapping[str, Part], contents: Contents) -> None:
    """Write a list file beside `target`, sync it, then rename it over; OSError if that fails.

    `parts` are those of the layout in its order, from `trie` to `blocks`.
    """
    body: list[Part] = []
    places: dict[str, tuple[int, int, str]] = {}
    position = 0
    for name, part in parts.items():
        view = memoryview(part)
        places[name] = (position, view.nbytes, view.format)
        padding = -view.nbytes % _ALIGN
        body += [part, b"\0" * padding]
        position += view.nbytes + padding
    described = json.dumps({**_described(contents), "parts": places}).encode()
    size = position + len(described) + _PLACES.size + _SEAL.size
    body += [described, _PLACES.pack(position, size)]
    checksum = 0
    for part in body:
        checksum = zlib.crc32(part, checksum)
    body.append(_SEAL.pack(checksum, VERSION, _MAGIC))
    # Two commands may compile into one file at once: each has a draft of its own.
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    write_atomically(target, body, draft=draft)


def _described(contents: Contents) -> dict[str, Any]:
    return {
        "kind": contents.kind,
        "source": contents.fingerprint,
        "report": contents.report,
        "palette": contents.palette,
        "shift": contents.shift,
        "criteria": contents.criteria,
        "language": contents.language,
    }


def map_list_file(path: Path, list_name: str) -> MappedParts:
    """Check a list file and map what lies behind its trie.

    Raises ListError if it can't be read, is not ours, of another version, cut off or damaged. The
    check reads the file once, some 5 ms for a million names: a damaged trie would otherwise bring
    the process down when it is asked.
    """
    try:
        with path.open("rb") as file:
            _check_seal(file.fileno(), list_name)
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise ListError(list_name, f"can't map {path}: {error}") from None
    try:
        return _split(mapping)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise ListError(list_name, f"{path} is not a compiled list: {error}") from None


def _check_seal(file: int, list_name: str) -> None:
    size = os.fstat(file).st_size
    seal_at = size - _SEAL.size
    seal = os.pread(file, _SEAL.size, max(seal_at, 0))
    if seal_at < _PLACES.size or not seal.endswith(_MAGIC):
        raise ListError(list_name, "the file is not a compiled list, or it is cut off")
    checksum, version, _ = _SEAL.unpack(seal)
    if version != VERSION:
        raise ListError(list_name, f"compiled as version {version}, this is version {VERSION}")
    found = position = 0
    while chunk := os.pread(file, min(_CHUNK, seal_at - position), position):
        found = zlib.crc32(chunk, found)
        position += len(chunk)
    if found != checksum:
        raise ListError(list_name, "the compiled file is damaged: its checksum does not fit")


def _split(mapping: mmap.mmap) -> MappedParts:
    end = len(mapping) - _SEAL.size - _PLACES.size
    contents_at, size = _PLACES.unpack_from(mapping, end)
    if size != len(mapping):
        raise ValueError(f"{len(mapping)} bytes instead of {size}")
    described = json.loads(mapping[contents_at:end])
    contents = Contents(
        described["kind"],
        Fingerprint(*described["source"]),
        described["report"],
        [int(flags) for flags in described["palette"]],
        int(described["shift"]),
        [str(each) for each in described["criteria"]],
        int(described.get("language", 0)),
    )
    view = memoryview(mapping)
    parts = {}
    for name, typecodes in _TYPECODES.items():
        begin, size, typecode = described["parts"][name]
        if typecode not in typecodes or not 0 <= begin <= begin + size <= contents_at:
            raise ValueError(f"the part {name} has no place")
        parts[name] = view[begin : begin + size].cast(typecode)
    return MappedParts(parts, contents, mapping)
