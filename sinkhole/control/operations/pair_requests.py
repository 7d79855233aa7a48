"""What one sinkhole of a pair asks of the other: programs have no use for it."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import (
    Done,
    Download,
    Input,
    Nothing,
    Output,
    Upload,
    operation,
)
from sinkhole.control.pairing.pairing import Pairing
from sinkhole.control.pairing.parties import MOST_TERM, Door
from sinkhole.control.pairing.peer_hub import MOST_REVISION, pulled_as_json, read_entry
from sinkhole.control.pairing.protocol import PROTOCOL, check_protocol
from sinkhole.control.state.file import BehindError
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError

MOST_PUSHED = 64 << 20
"""Bytes of a change: all that a state can have is less."""


Scheme = Literal["http", "https"]
Port = Annotated[int, Field(ge=0, le=65535)]
Pin = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
Term = Annotated[int, Field(ge=0, lt=MOST_TERM)]
Revision = Annotated[int, Field(ge=0, lt=MOST_REVISION)]


class Greeting(Input):
    """Who begins to follow."""

    protocol: int
    state: str = Field(max_length=100)
    term: Term
    scheme: Scheme
    port: Port
    pin: Pin = ""


class Greeted(Output):
    """Who is followed."""

    protocol: int
    term: int
    is_first: bool


class After(Input):
    """A revision that is known."""

    after: Revision = 0


class Revisions(Output):
    """What changed; of each row its kind, its key and what else it has, null where it is gone."""

    revision: int
    entries: list[tuple[str, str, str | None]]
    is_whole: bool


class PushedRows(Upload):
    """Rows as `Revisions` has them, in a file, on top of the revision `base`."""

    base: Revision | None = None


class PushedRevision(Output):
    """What a change made of the revision `before` it."""

    revision: int
    before: int


class NewFirst(Input):
    """The other one has become the first: in which term, and where it is."""

    term: Term
    after: Revision
    scheme: Scheme
    port: Port
    pin: Pin = ""


class Source(Input):
    """A source of a list, by its hash."""

    source: str = Field(max_length=100)


class LookedAfter(Output):
    """What is known of a source; `offer` has what it said last."""

    is_looked_after: bool
    offer: dict[str, Any] | None


class Content(Input):
    """A version of a list, by its hash."""

    content_hash: str = Field(max_length=100)


@operation("pairing.greet", Permission.PAIRING)
async def greet(house: House, actor: Actor, given: Greeting) -> Greeted:
    """Begin to follow: both say which protocol they speak, and which term they know."""
    check_protocol(given.protocol, "the other sinkhole")
    pairing = _pairing(house, actor)
    door = Door(given.scheme, given.port, given.pin)
    paired = await pairing.greeted(given.state, door, actor.address)
    return Greeted(protocol=PROTOCOL, term=paired.term, is_first=paired.is_first)


@operation("pairing.pull", Permission.PAIRING)
async def pull(house: House, actor: Actor, given: After) -> Revisions:
    """Get what changed of the shared state."""
    pairing = _pairing(house, actor)
    pulled = await pairing.hub.pull(given.after)
    pairing.hears_of_second(given.after)
    return Revisions(**pulled_as_json(pulled))


@operation("pairing.push", Permission.PAIRING)
async def push(house: House, actor: Actor, given: PushedRows) -> PushedRevision:
    """Change rows of the shared state."""
    pairing = _pairing(house, actor)
    entries = await asyncio.to_thread(_read, given)
    try:
        pushed = await pairing.hub.push(given.base, entries)
    except BehindError as error:
        raise RequestError("conflict", "behind", str(error)) from None
    pairing.hears_of_second(given.base or 0)
    return PushedRevision(revision=pushed.revision, before=pushed.before)


@operation("pairing.news", Permission.PAIRING)
async def news(house: House, actor: Actor, given: After) -> Done:
    """Wait until there is something later than a revision, or for some seconds."""
    pairing = _pairing(house, actor)
    pairing.hears_of_second(given.after)
    await pairing.hub.wait(given.after)
    return Done()


@operation("pairing.follow", Permission.PAIRING, changes=True, audited=frozenset({"term"}))
async def follow(house: House, actor: Actor, given: NewFirst) -> Revisions:
    """Hear that the other one is the first now, and give what it may not have got yet."""
    door = Door(given.scheme, given.port, given.pin)
    pulled = await _pairing(house, actor).follow(given.term, door, actor.address, given.after)
    return Revisions(**pulled_as_json(pulled))


@operation("pairing.ended", Permission.PAIRING, changes=True)
async def ended(house: House, actor: Actor, given: Nothing) -> Done:
    """Hear that the other one has ended the pair."""
    await _pairing(house, actor).ended()
    return Done()


@operation("pairing.list", Permission.PAIRING)
async def look_at_list(house: House, actor: Actor, given: Source) -> LookedAfter:
    """Get what the source of a list said last, and have it looked at where that is old."""
    _pairing(house, actor)
    interval_s = house.settings.settings.filtering.update_interval
    lent = house.library.lending.ask(given.source, interval_s)
    if lent.offer is None:
        return LookedAfter(is_looked_after=lent.is_looked_after, offer=None)
    offer = {each: getattr(lent.offer, each) for each in _OFFERED}
    return LookedAfter(is_looked_after=lent.is_looked_after, offer=offer)


@operation("pairing.list_content", Permission.PAIRING)
async def list_content(house: House, actor: Actor, given: Content) -> Download:
    """Get a version of a list, gzipped."""
    _pairing(house, actor)
    chunks = house.library.lending.content(given.content_hash)
    if chunks is None:
        raise RequestError("not_found", "no_such_content", "no list has this content")
    return Download(media_type="application/gzip", file_name="list.txt.gz", chunks=chunks)


_OFFERED = ("content_hash", "size_bytes", "etag", "last_modified", "answered_by", "age_s")


def _pairing(house: House, actor: Actor) -> Pairing:
    """The pair of which the actor is the other one; RequestError for anybody else."""
    pairing = house.pairing()
    if not pairing.is_peer(actor):
        text = f"{actor.name} is not the other one of this pair"
        raise RequestError("forbidden", "not_the_peer", text)
    return pairing


def _read(given: PushedRows) -> list[Any]:
    if given.file.stat().st_size > MOST_PUSHED:
        raise RequestError("invalid", "too_large", "so many rows no state has")
    try:
        return [read_entry(each) for each in json.loads(given.file.read_bytes())]
    except (ValueError, TypeError, RecursionError):
        raise RequestError("invalid", "no_rows", "these are no rows of a state") from None
