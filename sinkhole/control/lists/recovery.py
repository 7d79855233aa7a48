"""What is on the disk of a list whose status can't be read: enough to go on blocking.

Files tell by their names which version they are, and by their times which is the newest. What a
person has decided about them is lost, so the newest is judged anew, as if it had just come.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple, cast

from sinkhole.control.lists.copies import new_content_hash
from sinkhole.control.lists.gunzip import PIECE_SIZE
from sinkhole.control.lists.quarantine import QuarantineCheck
from sinkhole.control.lists.state import KEPT, SubscriptionState, Version
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError

_PACKED: Final = ".txt.gz"
_COMPILED: Final = ".trie"
_GZIP_SIZE: Final = 4
"""The last bytes of a gzipped file are its size unpacked (RFC 1952 §2.3.1), up to 4 GiB."""


class Recovered(NamedTuple):
    """A state made of what was found, and what of it is in use; None where nothing opens."""

    state: SubscriptionState
    compiled: CompiledList | None


def versions_found(folder: Path, list_id: str) -> list[Version]:
    """The versions of which there is a copy: the newest first, those that are packed last."""
    ours = re.compile(re.escape(list_id) + r"\.([0-9a-f]+)(\.txt|\.txt\.gz)")
    found: list[Version] = []
    with contextlib.suppress(OSError):  # what can't be looked at is of no use to us
        names = [name for path in folder.iterdir() if (name := ours.fullmatch(path.name))]
        found += (_version(folder / name[0], name[1], name[2] == _PACKED) for name in names)
    return sorted(found, key=lambda each: (_is_plain(each), each.since), reverse=True)


def recover(
    folder: Path, list_id: str, empty: SubscriptionState, name: str, check: QuarantineCheck
) -> Recovered:
    """Use the newest version that opens, unless it would be held back; `empty` has no version.

    Where none opens, the newest copy is to be used as soon as it has been compiled.
    """
    versions = versions_found(folder, list_id)
    plain = [each for each in versions if _is_plain(each)]
    state = replace(empty, previous=_before(plain, versions[len(plain) :]))
    opened = list(_opened(folder, plain, empty.kind, name))
    if not opened:
        whole = (each for each in plain if _is_whole(folder / each.source, each.content_hash))
        return Recovered(replace(state, used=next(whole, None)), None)
    newest, compiled = opened[0]
    before, compiled_before = opened[1] if len(opened) > 1 else (None, None)
    if why := check.reason(compiled, compiled_before):
        held = replace(state, used=before, held=newest, held_because=why)
        return Recovered(held, compiled_before)
    return Recovered(replace(state, used=newest), compiled)


def _version(path: Path, content_hash: str, is_packed: bool) -> Version:
    found = path.stat()
    if is_packed:
        with path.open("rb") as file:
            file.seek(max(0, found.st_size - _GZIP_SIZE))
            size = int.from_bytes(file.read(), "little")
        return Version(content_hash, path.name, size_bytes=size, since=found.st_mtime)
    trie = path.with_suffix(_COMPILED)
    compiled = trie.name if trie.exists() else ""
    return Version(content_hash, path.name, compiled, found.st_size, since=found.st_mtime)


def _is_plain(version: Version) -> bool:
    return not version.source.endswith(_PACKED)


def _before(plain: Sequence[Version], packed: Sequence[Version]) -> tuple[Version, ...]:
    """The packed versions, older than all that are plain, though the last one was packed later."""
    oldest = min((each.since for each in plain), default=0.0)
    numbered = enumerate(packed[: KEPT - 1], 1)
    return tuple(replace(each, since=min(each.since, oldest - place)) for place, each in numbered)


def _is_whole(path: Path, content_hash: str) -> bool:
    """Whether a copy is what its name says; waits for the disk as long as reading it takes."""
    found = new_content_hash()
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_SIZE):
                found.update(piece)
    except OSError:
        return False
    return found.hexdigest() == content_hash


def _opened(
    folder: Path, versions: Iterable[Version], kind: str, name: str
) -> Iterator[tuple[Version, CompiledList]]:
    for each in versions:
        if each.compiled:
            with contextlib.suppress(ListError):  # then it is compiled again
                trie, source = folder / each.compiled, folder / each.source
                compiled = CompiledList.map(trie, name, cast(Kind, kind), source)
                yield replace(each, rules=compiled.rules, names=compiled.names), compiled
