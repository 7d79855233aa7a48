"""What happens, as it happens, by Server-Sent Events: new rows of the log, and states of the house
(`states`) whenever they change.

Nothing runs while nobody listens. Who reads slowly loses rows and is told so; who reads nothing is
cut off. A stream ends with the session or the token that it was asked for by.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, get_args

from aiohttp import web
from pydantic import Field, ValidationError

from sinkhole.control.operations.house import House
from sinkhole.control.operations.log import RowFilter
from sinkhole.control.operations.refusals import understood
from sinkhole.control.querylog.id_sets import macs_of, sought_devices
from sinkhole.control.querylog.judging import RowTest, row_test
from sinkhole.control.querylog.logged_query import LoggedQuery
from sinkhole.control.web.callers import Callers
from sinkhole.control.web.gate import actor_of, asked_by, require
from sinkhole.control.web.locations import Needs
from sinkhole.control.web.refusals import Refused
from sinkhole.control.web.streams import Stream
from sinkhole.control.web.v1.entry import Entry
from sinkhole.control.web.v1.inputs import read_query, refusal_of_input
from sinkhole.control.web.v1.states import STATES
from sinkhole.control.web.v1.subscribers import Subscriber, Subscribers, Topic
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.control.querylog.tail import Follower

LOOK_S: Final = 1.0
"""How often states are looked at, while somebody listens to one."""
TICK_S: Final = 0.3
"""How often it is looked for rows, and whether the reader still may."""
HEARTBEAT_S: Final = 15.0
"""A reader hears something that often, so that it knows that the stream is alive."""
MEDIA_TYPE: Final = "text/event-stream"

NEEDS: Final[dict[Topic, Permission]] = {
    "counters": Permission.STATS_READ,
    "rows": Permission.LOG_READ,
    "problems": Permission.STATUS_READ,
    "protection": Permission.STATUS_READ,
    "upstreams": Permission.STATUS_READ,
    "lists": Permission.LISTS_READ,
}
"""What each topic needs."""


class Wanted(RowFilter):
    """What to hear of; the rest says which rows, as a search of the log does."""

    topics: str = Field(
        default="counters,problems",
        description="Any of counters, rows, problems, protection, upstreams, lists, with commas "
        "between them.",
        examples=["counters,rows"],
    )
    client: str = Field(
        default="",
        max_length=255,
        description="Rows of this client only, by its whole address or id, and of its device.",
    )
    name: str = Field(default="", max_length=255, description="Rows whose name has this in it.")
    outcome: str = Field(default="", max_length=40, description="Rows with this outcome only.")
    blocked: bool | None = Field(default=None, description="Only what was blocked, or was not.")

    async def judge(self, house: House) -> RowTest:
        """Whether a row is among them; RequestError for what is not understood."""
        with understood("search_invalid"):
            sought = self.sought()
            sought.check()
            if house.nodes.name in sought.nodes:
                sought = replace(sought, nodes=())  # all that is told is of this very node
            devices = await _devices(house, sought.clients)
            macs = await _macs(house, sought.devices)
            is_sought = row_test(sought, house.client_name, devices, macs)
        own = await _devices(house, (self.client,)) if self.client else frozenset()

        def wants(row: LoggedQuery) -> bool:
            return (
                (self.client in ("", row["client"]) or row["device"] in own)
                and self.name.lower() in row["name"]
                and self.outcome in ("", row["outcome"])
                and self.blocked in (None, row["blocked"])
                and is_sought(row)
            )

        return wants


async def _devices(house: House, clients: Sequence[str | int]) -> frozenset[str]:
    """The devices that clients stand for, as far as the log knows them by now."""
    if not clients:
        return frozenset()
    try:
        return await sought_devices(house.log_store().clients, clients, house.client_name)
    except (StorageError, RequestError):  # there is no log: rows are told all the same
        return frozenset()


async def _macs(house: House, devices: Sequence[str]) -> frozenset[str]:
    """Those of devices that are meant by what the log knows them by."""
    if not devices:
        return frozenset()
    try:
        return await macs_of(house.log_store().clients, devices)
    except (StorageError, RequestError):
        return frozenset()


class Events:
    """The streams of one application."""

    def __init__(self, house: House) -> None:
        self.entry = Entry(
            *("GET", "/events", "events", Needs.SOMEBODY, Wanted, None, self.serve),
            media_type=MEDIA_TYPE,
            tag="events",
        )
        self._house = house
        self._callers = Callers(house.identity)
        self._subscribers = Subscribers(self._arrange)
        self._tasks = Tasks("events", limit=1)
        self._ticking: asyncio.Task[Any] | None = None
        self._is_closing = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hear what happens as it happens, by Server-Sent Events: `rows` within a second, with
        `missed` for what a slow reader lost, all else each time that it changes."""
        actor, given = actor_of(request), _read(request)
        topics = _topics(given.topics)
        for topic in topics:
            require(actor, NEEDS[topic])
        wants = await given.judge(self._house)
        stream = Stream(MEDIA_TYPE, {"X-Accel-Buffering": "no"})
        subscriber = Subscriber(actor, topics)
        async with self._subscribers.one(subscriber):
            with self._rows(topics) as follower:
                await stream.begin(request)
                if request.method == "GET":
                    await stream.write(b"retry: 3000\n\n")
                    self._tell()
                    await self._feed(request, stream, Reading(subscriber, wants, follower))
        await stream.end()
        return stream.response

    def _rows(self, topics: Collection[Topic]) -> AbstractContextManager[Follower | None]:
        return self._house.query_log().tail() if "rows" in topics else nullcontext()

    async def close(self, app: web.Application) -> None:
        """End all streams, as the server stops."""
        self._is_closing = True
        for each in self._subscribers:
            each.news.set()
        await self._tasks.close()

    async def _feed(self, request: web.Request, stream: Stream, reading: Reading) -> None:
        """Send what there is to tell, until whoever asked may no more."""
        loop = asyncio.get_running_loop()
        spoke = loop.time()
        while not self._is_closing and self._may_still(request, reading.subscriber):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await reading.subscriber.news.wait()
            piece = reading.news()
            if not piece and loop.time() - spoke >= HEARTBEAT_S:
                piece = b": still here\n\n"
            if piece:
                spoke = loop.time()
                await stream.write(piece)

    def _may_still(self, request: web.Request, subscriber: Subscriber) -> bool:
        """Whether the actor is still who he was, and still may."""
        if request.transport is None or request.transport.is_closing():
            return False
        try:
            now: Actor | None = self._callers.actor_of(request, asked_by(request))
        except Refused:
            return False
        return now is not None and all(now.may(NEEDS[topic]) for topic in subscriber.topics)

    def _arrange(self) -> None:
        """Look at what somebody listens to, and at nothing else."""
        if self._wants_states() and (self._ticking is None or self._ticking.done()):
            self._ticking = self._tasks.keep("look", self._look)

    def _wants_states(self) -> bool:
        return self._subscribers.want(*STATES)

    async def _look(self) -> None:
        while self._wants_states():
            self._tell()
            await asyncio.sleep(LOOK_S)

    def _tell(self) -> None:
        """Give everybody what is so now."""
        for topic, state_of in STATES.items():
            if self._subscribers.want(topic):
                state = state_of(self._house)
                for each in self._subscribers:
                    each.set_state(topic, state)


class Reading:
    """One reader, with what he wants of the log."""

    def __init__(self, subscriber: Subscriber, wants: RowTest, follower: Follower | None) -> None:
        self.subscriber = subscriber
        self._wants = wants
        self._follower = follower
        self._missed = 0
        self._number = 0

    def news(self) -> bytes:
        """What there is to tell now, as it is sent; b"" for nothing."""
        events: list[tuple[str, Any]] = list(self.subscriber.take().items())
        if self._follower is not None:
            rows = [row for row in self._follower.waiting() if self._wants(row)]
            missed, self._missed = self._follower.missed - self._missed, self._follower.missed
            if rows or missed:
                events.append(("rows", {"rows": rows, "missed": missed}))
        return b"".join(self._written(event, data) for event, data in events)

    def _written(self, event: str, data: Any) -> bytes:
        self._number += 1
        text = json.dumps(data, separators=(",", ":"))
        return f"id: {self._number}\nevent: {event}\ndata: {text}\n\n".encode("ascii")


def _read(request: web.Request) -> Wanted:
    given = read_query(Wanted.model_fields, request)
    try:
        return Wanted.model_validate(given)
    except ValidationError as error:
        raise refusal_of_input(error, lambda key: "query") from None


def _topics(text: str) -> frozenset[Topic]:
    """The topics of a list with commas; Refused for one that is none."""
    known = get_args(Topic)
    wanted = {each.strip() for each in text.split(",")}
    if unknown := wanted - set(known):
        said = f"{', '.join(sorted(unknown))[:40]!r} is no topic; accepted: {', '.join(known)}"
        error = {"key": "topics", "where": "query", "text": said}
        raise Refused(422, "invalid_input", said, errors=[error])
    return frozenset(each for each in known if each in wanted)
