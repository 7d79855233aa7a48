"""The state of the first sinkhole of a pair, as the hub of the second."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sinkhole.control.pairing.paired import Paired
from sinkhole.control.pairing.parties import Door, read_term, unreadable
from sinkhole.control.pairing.peer import PATIENCE_S, Peer
from sinkhole.control.pairing.protocol import PROTOCOL, check_protocol
from sinkhole.control.replication.entries import by_clock
from sinkhole.control.replication.hub import Entry, HubAwayError, Pulled, Pushed
from sinkhole.control.replication.own_hub import LOOK_S
from sinkhole.model.errors import RequestError, StorageError

MOST_REVISION: Final = 1 << 62
"""Microseconds since 1970 are far below; SQLite counts to twice as many."""


class PeerHub:
    """By requests to it. `on_heard` is called whenever it has answered."""

    def __init__(self, peer: Peer, identity: str, on_heard: Callable[[], None]) -> None:
        self.identity = identity
        self._peer = peer
        self._on_heard = on_heard

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        paired: Paired,
        own_door: Callable[[], Door],
        on_heard: Callable[[], None],
        on_term: Callable[[int], None],
    ) -> AsyncIterator[PeerHub]:
        """Greet it, and follow it for a while; StorageError, HubAwayError where it can't be
        reached."""
        if not paired.url:
            raise HubAwayError(
                f"it is not known where {paired.name} is: web.listen there is for itself alone"
            )
        peer = Peer(paired.url, paired.secret, paired.pin)
        try:
            term = await _greeted(peer, paired, own_door())
            on_heard()
            on_term(term)
            yield cls(peer, paired._replace(term=term).identity, on_heard)
        finally:
            await peer.close()

    async def pull(self, after: int) -> Pulled:
        """What changed in revisions later than one."""
        told = await self._asked("GET", "/pairing/peer/state", query={"after": str(after)})
        return read_pulled(told, self._peer.ahead_s)

    async def push(self, base: int | None, entries: Sequence[Entry]) -> Pushed:
        """Change rows; BehindError where `base` is not the last revision."""
        query = {} if base is None else {"base": str(base)}
        told_there = [by_clock(each, self._peer.ahead_s) for each in entries]
        data = json.dumps([*map(list, told_there)]).encode()
        told = await self._asked("POST", "/pairing/peer/state", query=query, data=data)
        try:
            return Pushed(_revision(told["revision"]), _revision(told["before"]))
        except (KeyError, TypeError, ValueError):
            raise unreadable() from None

    async def wait(self, after: int) -> None:
        """Wait until there is another revision, or for LOOK_S."""
        query = {"after": str(after)}
        await self._asked(
            "GET", "/pairing/peer/news", query=query, patience_s=LOOK_S + 2 * PATIENCE_S
        )

    async def _asked(self, method: str, path: str, **given: Any) -> Any:
        try:
            told = await self._peer.ask(method, path, **given)
        except RequestError as error:  # it can be asked again, and nothing is wrong here
            raise HubAwayError(str(error)) from error
        self._on_heard()
        return told


def read_pulled(told: Any, ahead_s: int = 0) -> Pulled:
    """What `pulled_as_json` wrote where the clock is ahead by so much; StorageError for what is
    none."""
    try:
        entries = [by_clock(read_entry(each), -ahead_s) for each in told["entries"]]
        return Pulled(_revision(told["revision"]), entries, bool(told["is_whole"]))
    except (KeyError, TypeError, ValueError, RecursionError):
        raise unreadable() from None


def read_entry(told: Any) -> Entry:
    """An entry; ValueError or TypeError for what is none."""
    kind, key, value, *_ = told
    if not isinstance(json.loads(key), list) or not isinstance(kind, str):
        raise TypeError
    if value is not None and not isinstance(json.loads(value), dict):
        raise TypeError
    return Entry(kind, key, value)


def pulled_as_json(pulled: Pulled) -> dict[str, Any]:
    """What changed, as it is sent."""
    return {
        "revision": pulled.revision,
        "entries": [*map(list, pulled.entries)],
        "is_whole": pulled.is_whole,
    }


async def _greeted(peer: Peer, paired: Paired, own: Door) -> int:
    """The term there."""
    who = {"protocol": PROTOCOL, "state": paired.state, "term": paired.term}
    given = {**who, **own._asdict()}
    try:
        told = await peer.ask("POST", "/pairing/peer/greet", body=given)
        check_protocol(int(told["protocol"]), paired.name)
        is_first, term = bool(told["is_first"]), read_term(told["term"])
    except RequestError as error:
        raise StorageError(str(error)) from error
    except (KeyError, TypeError, ValueError):
        raise unreadable() from None
    if not is_first:
        raise StorageError(
            f"{paired.name} is not the one that is written to either: type `sinkhole pair "
            "--take-over` on one of the two"
        )
    return term


def _revision(told: Any) -> int:
    revision = int(told)
    if not 0 <= revision < MOST_REVISION:
        raise ValueError(revision)
    return revision
