"""Profiles for Apple's devices by a link that a phone can follow without signing in.

There is nothing in one but what a device is told anyway: a name of this server, the id that the
link says itself, and the port. A name that is not this server's is refused, so nobody can make a
link here that leads devices elsewhere.
"""

from __future__ import annotations

from aiohttp import web
from pydantic import ValidationError

from sinkhole.control.operations.device_setup import ProfileWanted, profile_of
from sinkhole.control.operations.house import House
from sinkhole.control.web.locations import Handler
from sinkhole.control.web.refusals import Refused
from sinkhole.control.web.v1.answers import file_answer


class Profiles:
    """The handler of /profile.mobileconfig."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET /profile.mobileconfig: for `name`, `client_id` and `protocol`, as the operation
        `device_setup.profile` takes them."""
        return await self._given(request, dict(request.query))

    def as_there(self, protocol: str) -> Handler:
        """The handler of AdGuard Home's address for it, where the name is called `host`."""

        async def fetch(request: web.Request) -> web.StreamResponse:
            given = {key: request.query.get(key, "") for key in ("host", "client_id")}
            wanted = {"name": given["host"], "client_id": given["client_id"]}
            return await self._given(request, {**wanted, "protocol": protocol})

        return fetch

    async def _given(self, request: web.Request, told: dict[str, str]) -> web.StreamResponse:
        try:
            wanted = ProfileWanted.model_validate(told)
        except ValidationError:
            text = "a profile is of a name, a client_id and a protocol"
            raise Refused(400, "values_invalid", text) from None
        return await file_answer(request, profile_of(self._house, wanted))
