"""The answers of a table as bytes, to keep them over a restart.

    file    magic (8 bytes), CRC-32 of the rest (4), when it was written, records
    when    wall clock, seconds since the boot, name of the boot (16)
    record  head: sizes of key and tail, rcode, AD (bit 0) and number of links (the other bits),
                  number of TTLs and of targets, TTL in seconds, age in seconds when written
            key, tail, TTL offsets, TTLs, targets (each behind its size); name of the upstream set,
            client subnet and settings of DNS64 (behind their sizes, two bytes, one and one)

The time since then is what the kernel has counted since the boot, if it is the same boot: the wall
clock may have been set meanwhile. Files of version 3 have nothing behind the targets: all they
hold came from the usual upstreams and is for everybody. Files of version 2 have no `when` either,
and in place of the age the wall-clock time at which an answer was received.

Only answers of upstreams are kept: blocks and local names are made anew by the policy of the
next start. What comes back is judged by that policy before it is given to anyone. Of answers that
several classes of clients have, the one that is for everybody is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import accumulate, pairwise
from operator import add, sub
from struct import Struct
from struct import error as StructError
from sys import intern
from typing import Final, NamedTuple
from zlib import crc32

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import NEVER_JUDGED, Ready, ReadyAgain, ready_answer
from sinkhole.dns.cache.table import Table, is_for_everybody
from sinkhole.dns.wire.name import end_of
from sinkhole.dns.wire.write import Tail
from sinkhole.model.errors import StorageError, WireError
from sinkhole.model.record import Report
from sinkhole.model.verdict import Outcome, Verdict

MAGIC: Final = b"SINKCA\0\4"
MAGIC_3: Final = b"SINKCA\0\3"
MAGIC_2: Final = b"SINKCA\0\2"
UNKNOWN_BOOT: Final = bytes(16)

_CRC: Final = Struct("!I")
_WHEN: Final = Struct("!dd16s")
_HEAD: Final = Struct("!HHHBHHHHHId")
_SIZES: Final = Struct("!HBB")


class Moment(NamedTuple):
    """One time by three clocks: of TTLs, of the wall (since 1970), and since the boot, in seconds.

    That one runs on while the machine sleeps. `boot` is 16 bytes that name the boot.
    """

    now: float
    wall: float
    since_boot: float = 0.0
    boot: bytes = UNKNOWN_BOOT

    def passed(self, wall: float, since_boot: float, boot: bytes) -> float | None:
        """The seconds since an earlier moment; None if the clocks can't tell.

        From an earlier boot on only the wall clock has counted, and it may have been set. But it
        is no less than this boot has lasted.
        """
        if boot == self.boot != UNKNOWN_BOOT:
            passed = self.since_boot - since_boot
            return passed if passed >= 0 else None
        passed = self.wall - wall
        return max(passed, self.since_boot) if passed >= 0 else None


def dump(table: Table, moment: Moment, stale_s: float = 0.0) -> bytes:
    """A table as a file's bytes, see `pack`."""
    return seal(pack(table.entries.items(), moment.now, stale_s), moment)


def pack(entries: Iterable[tuple[bytes, Ready]], now: float, stale_s: float) -> bytes:
    """Records of the answers that are still good, or were until `stale_s` ago; some 4 µs each."""
    out = bytearray()
    for key, ready in entries:
        answer = ready.answer
        if answer is None or now >= answer.received + answer.ttl_s + stale_s:
            continue
        if isinstance(ready, ReadyAgain) and not is_for_everybody(key):
            continue
        tail = answer.tail
        count = len(tail.ttls)
        flags = answer.ad | answer.links << 1
        sizes = (len(key), len(tail.data), answer.rcode, flags, *tail.counts, count)
        out += _HEAD.pack(*sizes, len(answer.targets), answer.ttl_s, now - answer.received)
        out += key + tail.data
        out += Struct(f"!{count}H{count}I").pack(*tail.ttl_offsets, *tail.ttls)
        for target in answer.targets:
            out += bytes((len(target),)) + target
        via = answer.via.encode()
        out += _SIZES.pack(len(via), len(answer.subnet), len(answer.dns64))
        out += via + answer.subnet + answer.dns64
    return bytes(out)


def seal(records: bytes, moment: Moment) -> bytes:
    """The file of all these records, which were packed at this moment."""
    body = _WHEN.pack(moment.wall, moment.since_boot, moment.boot) + records
    return MAGIC + _CRC.pack(crc32(body)) + body


def load(data: bytes, moment: Moment) -> Iterator[tuple[bytes, Ready]]:
    """The keys and replies in a dump; about 10 µs each.

    Ages run on while we were away; answers whose age nobody knows (the clock was set back) are
    left out. Raises StorageError, before the first one, for anything but an undamaged dump.
    """
    start = len(MAGIC) + _CRC.size
    magic = data[: len(MAGIC)]
    if magic not in (MAGIC, MAGIC_3, MAGIC_2) or len(data) < start:
        raise StorageError("the saved cache is not a cache file of this version")
    if _CRC.unpack_from(data, len(MAGIC))[0] != crc32(memoryview(data)[start:]):
        raise StorageError("the saved cache is damaged")
    try:
        if magic == MAGIC_2:
            age_of = partial(sub, moment.wall)
            yield from _read(data, start, moment.now, age_of, has_sources=False)
            return
        wall, since_boot, boot = _WHEN.unpack_from(data, start)
        passed = moment.passed(wall, since_boot, boot)
        if passed is not None:
            age_of, has_sources = partial(add, passed), magic == MAGIC
            yield from _read(data, start + _WHEN.size, moment.now, age_of, has_sources=has_sources)
    except (StructError, IndexError, UnicodeError, WireError) as error:
        raise StorageError(f"the saved cache cannot be read: {error}") from error


def _read(
    data: bytes, at: int, now: float, age_of: Callable[[float], float], *, has_sources: bool
) -> Iterator[tuple[bytes, Ready]]:
    while at < len(data):
        head = _HEAD.unpack_from(data, at)
        key_size, tail_size, rcode, flags = head[:4]
        count, target_count, ttl_s, time = head[7:]
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
        via = subnet = dns64 = b""
        if has_sources:
            sizes = _SIZES.unpack_from(data, at)
            ends = [*accumulate(sizes, initial=at + _SIZES.size)]
            via, subnet, dns64 = (data[i:j] for i, j in pairwise(ends))
            at = ends[-1]
        age_s = age_of(time)
        if age_s < 0:
            continue
        tail = Tail(tail_data, values[:count], values[count:], head[4:7])
        ad, links, since = bool(flags & 1), flags >> 1, now - age_s
        answer = Answer(
            *(rcode, ad, tail, ttl_s, since, tuple(targets), links),
            via=intern(via.decode()),
            subnet=subnet,
            dns64=dns64,
        )
        yield key, _ready(key, answer, now)


def _ready(key: bytes, answer: Answer, now: float) -> Ready:
    """A Ready to be judged before its first use; the key says what was asked."""
    end = end_of(key, 0)
    qtype = int.from_bytes(key[end : end + 2], "big")
    flags = key[end + 2]
    report = Report(key[:end], qtype, answer.rcode, Verdict(Outcome.CACHED), answer.tail.data)
    ready = ready_answer(answer, report, NEVER_JUDGED, do=bool(flags & 1), cd=bool(flags & 2))
    ready.age(now)
    return ready
