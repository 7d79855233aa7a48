"""The answers of a table as bytes, to keep them over a restart.

    file    magic (8 bytes), CRC-32 of the rest (4), records
    record  head: sizes of key and tail, rcode, AD (bit 0) and number of links (the other bits),
                  number of TTLs and of targets, TTL in seconds, received as wall-clock seconds
                  since 1970
            key, tail, TTL offsets, TTLs, targets (each behind its size)

Only answers of upstreams are kept: blocks and local names are made anew by the policy of the
next start. What comes back is judged by that policy before it is given to anyone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from struct import error as StructError
from typing import Final
from zlib import crc32

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready, ready_answer
from sinkhole.dns.cache.table import Table
from sinkhole.dns.wire.name import end_of
from sinkhole.dns.wire.write import Tail
from sinkhole.model.errors import StorageError, WireError
from sinkhole.model.record import Report
from sinkhole.model.verdict import Outcome, Verdict

MAGIC: Final = b"SINKCA\0\2"
NEVER_JUDGED: Final = 0
"""The generation of what comes from disk; policies count from 1."""

_CRC: Final = Struct("!I")
_HEAD: Final = Struct("!HHHBHHHHHId")


def dump(table: Table, now: float, wall_now: float, stale_s: float = 0.0) -> bytes:
    """A table as a file's bytes, see `pack`."""
    return seal(pack(table.entries.items(), now, wall_now, stale_s))


def pack(
    entries: Iterable[tuple[bytes, Ready]], now: float, wall_now: float, stale_s: float
) -> bytes:
    """Records of the answers that are still good, or were until `stale_s` ago; some 4 µs each."""
    out = bytearray()
    for key, ready in entries:
        answer = ready.answer
        if answer is None or now >= answer.received + answer.ttl_s + stale_s:
            continue
        tail = answer.tail
        count = len(tail.ttls)
        received = wall_now - (now - answer.received)
        flags = answer.ad | answer.links << 1
        sizes = (len(key), len(tail.data), answer.rcode, flags, *tail.counts, count)
        out += _HEAD.pack(*sizes, len(answer.targets), answer.ttl_s, received)
        out += key + tail.data
        out += Struct(f"!{count}H{count}I").pack(*tail.ttl_offsets, *tail.ttls)
        for target in answer.targets:
            out += bytes((len(target),)) + target
    return bytes(out)


def seal(records: bytes) -> bytes:
    """The file of all these records."""
    return MAGIC + _CRC.pack(crc32(records)) + records


def load(data: bytes, now: float, wall_now: float) -> Iterator[tuple[bytes, Ready]]:
    """The keys and replies in a dump; about 10 µs each.

    Ages run on while we were away; answers from the future (the clock was set back) are left
    out. Raises StorageError, before the first one, for anything but an undamaged dump.
    """
    start = len(MAGIC) + _CRC.size
    if data[: len(MAGIC)] != MAGIC or len(data) < start:
        raise StorageError("the saved cache is not a cache file of this version")
    if _CRC.unpack_from(data, len(MAGIC))[0] != crc32(memoryview(data)[start:]):
        raise StorageError("the saved cache is damaged")
    try:
        yield from _read(data, start, now, wall_now)
    except (StructError, IndexError, WireError) as error:
        raise StorageError(f"the saved cache cannot be read: {error}") from error


def _read(data: bytes, at: int, now: float, wall_now: float) -> Iterator[tuple[bytes, Ready]]:
    while at < len(data):
        head = _HEAD.unpack_from(data, at)
        key_size, tail_size, rcode, flags = head[:4]
        count, target_count, ttl_s, received = head[7:]
        at += _HEAD.size
        key, tail_data = data[at : at + key_size], data[at + key_size : at + key_size + tail_size]
        at += key_size + tail_size
        numbers = Struct(f"!{count}H{count}I")
        values = numbers.unpack_from(data, at)
        at += numbers.size
        targets = []
        for _ in range(target_count):
            size = data[at]
            targets.append(data[at + 1 : at + 1 + size])
            at += 1 + size
        if received > wall_now:
            continue
        tail = Tail(tail_data, values[:count], values[count:], head[4:7])
        ad, links, since = bool(flags & 1), flags >> 1, now - (wall_now - received)
        answer = Answer(rcode, ad, tail, ttl_s, since, tuple(targets), links)
        yield key, _ready(key, answer, now)


def _ready(key: bytes, answer: Answer, now: float) -> Ready:
    """A Ready to be judged before its first use; the key says what was asked."""
    end = end_of(key, 0)
    qtype = int.from_bytes(key[end : end + 2], "big")
    flags = key[end + 2]
    report = Report(key[:end], qtype, answer.rcode, Verdict(Outcome.CACHED))
    ready = ready_answer(answer, report, NEVER_JUDGED, do=bool(flags & 1), cd=bool(flags & 2))
    ready.age(now)
    return ready
