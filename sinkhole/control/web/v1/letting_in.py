"""Letting another sinkhole in that knows the one-time code: before it has a token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints, ValidationError

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Output
from sinkhole.control.pairing.parties import LONGEST_NAME, Door
from sinkhole.control.pairing.protocol import PROTOCOL
from sinkhole.control.web.bodies import read_json
from sinkhole.control.web.gate import asked_by
from sinkhole.control.web.locations import Needs
from sinkhole.control.web.v1.answers import encoded, json_answer
from sinkhole.control.web.v1.entry import Entry
from sinkhole.control.web.v1.inputs import refusal_of_input
from sinkhole.model.actor import Actor


class Stranger(Input):
    """A sinkhole that wants to follow this one: the code, and where its own page is."""

    code: str = Field(max_length=100)
    protocol: int
    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)
    ]
    scheme: Literal["http", "https"]
    port: int = Field(ge=0, le=65535)
    pin: str = Field(default="", pattern="^([0-9a-f]{64})?$")


class LetIn(Output):
    """The token that both have from now on, and which state they share."""

    protocol: int
    state: str
    term: int
    name: str
    secret: str


class LettingIn:
    """The handler of this address."""

    def __init__(self, house: House) -> None:
        self._house = house

    def all(self) -> Iterator[Entry]:
        """Every one, with what it is for the description."""
        yield Entry(
            *("POST", "/pairing/accept", "pairing_accept", Needs.NOTHING),
            *(Stranger, LetIn, self.accept),
            tag="pairing",
        )

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Let another sinkhole in that knows the one-time code."""
        try:
            given = Stranger.model_validate(await read_json(request))
        except ValidationError as error:
            raise refusal_of_input(error) from None
        house, address = self._house, asked_by(request).address
        with house.identity.guessing(address):
            door = Door(given.scheme, given.port, given.pin)
            accepted = await house.pairing().accept(
                given.code, given.protocol, given.name, door, address
            )
        # It may read and change everything from now on.
        actor = Actor("token", f"paired with {given.name}", frozenset(), address=address)
        await house.state.audit.note(actor, "pairing.accept", {"name": given.name})
        told = LetIn(protocol=PROTOCOL, **accepted._asdict())
        return await json_answer(request, encoded(told.model_dump(mode="json")))
