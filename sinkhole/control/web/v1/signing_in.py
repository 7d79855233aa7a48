"""Signing in and out, the first account, and who one is: what has to be there before anybody can be
asked whether he may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from sinkhole.control.identity.identity import Identity, SignedIn
from sinkhole.control.operations.operation import Done, Input, Nothing, Output
from sinkhole.control.web import cookies
from sinkhole.control.web.bodies import read_json
from sinkhole.control.web.gate import actor_of, asked_by
from sinkhole.control.web.locations import Needs
from sinkhole.control.web.refusals import Refused
from sinkhole.control.web.v1.answers import encoded, json_answer
from sinkhole.control.web.v1.entry import Entry
from sinkhole.control.web.v1.inputs import refusal_of_input
from sinkhole.model.actor import Actor, ActorKind, Permission

LONGEST: Final = 1024
"""Characters of a password or a name that are looked at."""

Text = Annotated[str, Field(max_length=LONGEST)]
I = TypeVar("I", bound=BaseModel)  # noqa: E741  # the usual name


class SignIn(Input):
    """Who wants in; `second` is the code of the second factor, or a recovery code."""

    name: Text
    password: Text
    second: Text = ""


class FirstAccount(Input):
    """The first account, an admin; the log of the server and its terminal show the code."""

    code: Text
    name: Text
    password: Text


class Me(Output):
    """Who one is, and what one may."""

    name: str
    kind: ActorKind
    permissions: list[Permission]
    has_accounts: bool
    """False while whoever asks from the server's own machine needs none."""
    is_https: bool
    """False where a password would cross the network as it is written."""


class SigningIn:
    """The handlers of these addresses."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def all(self) -> Iterator[Entry]:
        """Every one, with what it is for the description."""
        yield Entry("POST", "/sign-in", "sign_in", Needs.NOTHING, SignIn, Me, self.sign_in)
        yield Entry(
            "POST", "/first-account", "first_account", Needs.NOTHING, FirstAccount, Me, self.first
        )
        yield Entry("POST", "/sign-out", "sign_out", Needs.SOMEBODY, Nothing, Done, self.sign_out)
        yield Entry("GET", "/me", "me", Needs.SOMEBODY, Nothing, Me, self.me)

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Sign in with a name and a password: the answer has a cookie with the session."""
        given, approach = await _read(SignIn, request), asked_by(request)
        device = cookies.device_of(request, approach)
        signed_in = await self._identity.sign_in(
            *(given.name, given.password, given.second),
            *(approach.address, _agent(request), device),
        )
        return await self._welcome(request, signed_in)

    async def first(self, request: web.Request) -> web.StreamResponse:
        """Make the first account with the one-time code, and sign in."""
        given, approach = await _read(FirstAccount, request), asked_by(request)
        signed_in = await self._identity.make_first(
            given.code, given.name, given.password, approach.address, _agent(request)
        )
        return await self._welcome(request, signed_in)

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """End this session; what has none is told so."""
        await _read(Nothing, request)
        actor = actor_of(request)
        if actor.kind != "session":
            raise Refused(409, "no_session", f"there is no session: this is {actor}")
        await self._identity.sign_out(actor)
        response = await json_answer(request, encoded({}))
        cookies.forget(response, asked_by(request), cookies.SESSION)
        return response

    async def me(self, request: web.Request) -> web.StreamResponse:
        """Tell who one is, and what one may."""
        return await json_answer(request, encoded(self._told(request, actor_of(request))))

    async def _welcome(self, request: web.Request, signed_in: SignedIn) -> web.StreamResponse:
        response = await json_answer(request, encoded(self._told(request, signed_in.actor)))
        approach = asked_by(request)
        cookies.keep(response, approach, cookies.SESSION, signed_in.secret)
        cookies.keep(response, approach, cookies.DEVICE, signed_in.device)
        return response

    def _told(self, request: web.Request, actor: Actor) -> dict[str, Any]:
        return Me(
            name=actor.name,
            kind=actor.kind,
            permissions=sorted(actor.permissions),
            has_accounts=self._identity.has_accounts,
            is_https=asked_by(request).is_https,
        ).model_dump(mode="json")


def _agent(request: web.Request) -> str:
    return request.headers.get("User-Agent", "")


async def _read(kind: type[I], request: web.Request) -> I:
    try:
        return kind.model_validate(await read_json(request))
    except ValidationError as error:
        raise refusal_of_input(error) from None
