"""The layout of a compiled list on disk: one file, made to be mapped and shared.

    trie       marisa's own format, at the very beginning, so that marisa maps it in place
    entries    one native u32 for each key (see `entry`), by the key's id
    blocks     one native u64 for every 64th line: where it begins in the source
    contents   JSON: kind, fingerprint of the source, report, where the parts begin
    footer     native: where `contents` begins, size of the file, CRC-32 of all before the CRC,
               version, magic

About 11 bytes a name. The parts are native-endian because the file never leaves the machine that
made it; on a machine of the other kind the version does not fit, and the list is compiled anew.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinkhole.errors import ListError
from sinkhole.filter import entry
from sinkhole.filter.line import Kind
from sinkhole.filter.source import Fingerprint

VERSION = 1
_MAGIC = b"sinkhole"
_PLACES = struct.Struct("=QQ")
_SEAL = struct.Struct("=II8s")
_ALIGN = 8
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Contents:
    """What a list file says about itself."""

    kind: Kind
    fingerprint: Fingerprint
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MappedParts:
    """The parts behind the trie, mapped read-only.

    The mapping goes when the last reference to it goes, or at once with `close`.
    """

    entries: memoryview
    blocks: memoryview
    contents: Contents
    mapping: mmap.mmap

    def close(self) -> None:
        """Give the mapping back; nothing may look into it any more."""
        self.entries.release()
        self.blocks.release()
        self.mapping.close()


def write_list_file(
    target: Path, trie: bytes, entries: array[int], blocks: array[int], contents: Contents
) -> None:
    """Write a list file beside `target`, sync it, then rename it over; OSError if that fails."""
    entries_at = _aligned(len(trie))
    blocks_at = _aligned(entries_at + len(entries) * entries.itemsize)
    contents_at = blocks_at + len(blocks) * blocks.itemsize
    described = json.dumps(
        {
            "kind": contents.kind,
            "source": contents.fingerprint,
            "report": contents.report,
            "entries": [entries_at, len(entries)],
            "blocks": [blocks_at, len(blocks)],
        }
    ).encode()
    size = contents_at + len(described) + _PLACES.size + _SEAL.size
    body = [trie, b"\0" * (entries_at - len(trie)), entries.tobytes()]
    body.append(b"\0" * (blocks_at - entries_at - len(entries) * entries.itemsize))
    body += [blocks.tobytes(), described, _PLACES.pack(contents_at, size)]
    checksum = 0
    for part in body:
        checksum = zlib.crc32(part, checksum)
    body.append(_SEAL.pack(checksum, VERSION, _MAGIC))
    _replace(target, body)


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGN) * _ALIGN


def _replace(target: Path, parts: list[bytes]) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


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
    view = memoryview(mapping)
    entries_at, names = described["entries"]
    blocks_at, blocks = described["blocks"]
    return MappedParts(
        view[entries_at : entries_at + names * entry.SIZE].cast(entry.TYPECODE),
        view[blocks_at : blocks_at + blocks * 8].cast("Q"),
        Contents(described["kind"], Fingerprint(*described["source"]), described["report"]),
        mapping,
    )
