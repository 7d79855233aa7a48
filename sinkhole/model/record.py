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

    def says_as(self, other: Report) -> bool:
        """Whether another one says the same, in its own words: two are never equal by `==`."""
        mine, its = self.verdict, other.verdict
        return (
            (self.name, self.qtype, self.rcode) == (other.name, other.qtype, other.rcode)
            and (self.answered, self.refused) == (other.answered, other.refused)
            and (mine.outcome, mine.cause, mine.allowed) == (its.outcome, its.cause, its.allowed)
            and (mine.hop, mine.upstream, mine.detail) == (its.hop, its.upstream, its.detail)
        )


class Telling(NamedTuple):
    """What may be told of somebody: by default everything.

    Without `names`, not what was asked for, nor what would tell it. Without `client`, not by whom.
    Without `rows`, there is nothing in the log; without `counts`, nothing in the statistics.
    """

    names: bool = True
    client: bool = True
    rows: bool = True
    counts: bool = True


EVERYTHING: Final = Telling()


class Who:
    """Whom a record is about, and what may be told of it. Never changed.

    Made once for a client and shared by all its records, so readers may remember by identity what
    they worked out about it. `text` is the id that it gives itself, else its address; `device` its
    MAC (`aa:bb:cc:dd:ee:ff`), "" where that is not known; `group` the name of its group.
    """

    __slots__ = ("device", "group", "telling", "text")

    def __init__(
        self,
        text: str,
        device: str = "",
        group: str = "default",
        telling: Telling = EVERYTHING,
    ) -> None:
        self.text = text
        self.device = device
        self.group = group
        # One object says that all may be told: who counts and writes a million records asks that.
        self.telling = EVERYTHING if telling == EVERYTHING else telling

    def __repr__(self) -> str:
        return f"Who({self.text!r}, {self.device!r}, {self.group!r}, {self.telling!r})"


ClientName = Callable[[str, str], str]
"""What people call whoever a record is about, by its text and its device; "" for nobody known."""

QueryRecord = tuple[Report, Who]
"""One answered query: what was answered, and who asked.

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
    was waiting: whoever drains can sleep until then. `on_drained` is told of all that is taken.
    `gone` counts batches that have left: it is the number of the oldest one that waits. What comes
    goes to `also` as well, a buffer of another reader, who is then no quicker and no slower for
    what this one does.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self.limit = limit
        self.dropped = 0
        self.gone = 0
        self.on_first: Callable[[], object] = int  # which does nothing
        self.on_drained: Callable[[list[Batch]], object] = bool  # nor does that
        self.also: RecordBuffer | None = None
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
        if self.also is not None:
            self.also.append(batch)
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
        self.on_drained(taken)
        return taken
