"""What the DNS plane tells the control plane: records of answered queries, in batches.

This is the outgoing half of the seam between the two planes. The DNS plane only appends; one
reader in the control plane drains. Nothing here waits, locks or touches a disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

from sinkhole.model.verdict import Verdict


class Report:
    """What a record says about an answer, apart from who asked and when. Never changed.

    One Report is made per kept reply and shared by every record of it, so readers may remember
    by identity what they worked out about it. `name` is the lower-cased wire form. `answered` are
    the records of the answer as they stand in a reply, behind the question of 12 + len(name) + 4
    bytes, with the TTLs of when it was made; `refused` are those of an upstream's answer that was
    not given. Both are the very bytes that the kept reply has anyway. (A frozen dataclass would
    say the same and take three times as long to make.)
    """

    __slots__ = ("answered", "name", "qtype", "rcode", "refused", "verdict")

    def __init__(
        self,
        name: bytes,
        qtype: int,
        rcode: int,
        verdict: Verdict,
        answered: bytes = b"",
        refused: bytes = b"",
    ) -> None:
        self.name = name
        self.qtype = qtype
        self.rcode = rcode
        self.verdict = verdict
        self.answered = answered
        self.refused = refused


QueryRecord = tuple[Report, str]
"""One answered query: what was answered, and the text of the address that asked.

A plain tuple, as one is made for every query: a NamedTuple takes six times as long to make.
"""


TRANSPORTS: Final = ("udp", "tcp", "tls", "https", "h3", "quic")
"""What queries come by: the names of `dns/pipeline/channel`. The query log stores the places in
this tuple: never reorder, only add."""


class Batch(NamedTuple):
    """Records that share a time: queries answered in one wake-up of the server.

    `time_s` is wall-clock seconds since 1970. `duration_us` is microseconds from the arrival of
    the batch until its answers were handed to the kernel; all records of the batch share it, and
    the `channel` by which the queries came, one of TRANSPORTS.
    """

    time_s: float
    duration_us: int
    records: list[QueryRecord]
    channel: str = "udp"


class RecordBuffer:
    """A bounded queue of batches between the planes; when it is full the oldest are dropped.

    Dropping the oldest keeps "what is happening now" visible when the disk stalls. `dropped`
    counts records, and is shown to the user. `on_first` is called when something comes and nothing
    was waiting: whoever drains can sleep until then. `gone` counts batches that have left: it is
    the number of the oldest one that waits.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self.limit = limit
        self.dropped = 0
        self.gone = 0
        self.on_first: Callable[[], object] = int  # which does nothing
        self._batches: deque[Batch] = deque()
        self._size = 0

    def __len__(self) -> int:
        """The number of records (not batches) waiting."""
        return self._size

    def append(self, batch: Batch) -> None:
        """Add a batch, dropping the oldest ones while there are more than `limit` records."""
        size = self._size
        if not size:
            self.on_first()
        self._batches.append(batch)
        size += len(batch.records)
        while size > self.limit:
            oldest = len(self._batches.popleft().records)
            self.gone += 1
            size -= oldest
            self.dropped += oldest
        self._size = size

    @property
    def batches(self) -> int:
        """The number of batches waiting."""
        return len(self._batches)

    def since(self, number: int) -> list[Batch]:
        """The batches that wait, from one of a number on; they stay."""
        first = max(number - self.gone, 0)
        return list(islice(self._batches, first, None))

    def drain(self, most: int) -> list[Batch]:
        """Take whole batches from the oldest on, until at least `most` records are taken."""
        taken: list[Batch] = []
        size = 0
        while self._batches and size < most:
            batch = self._batches.popleft()
            size += len(batch.records)
            taken.append(batch)
        self._size -= size
        self.gone += len(taken)
        return taken
