"""The API put together: for each route the handler that reads, performs and answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from aiohttp import web
from pydantic import BaseModel

from sinkhole.control.operations.house import House
from sinkhole.control.operations.perform import perform
from sinkhole.control.web.connections import while_connected
from sinkhole.control.web.gate import actor_of
from sinkhole.control.web.locations import Handler, Location
from sinkhole.control.web.v1.answers import answer
from sinkhole.control.web.v1.events import Events
from sinkhole.control.web.v1.inputs import read_input
from sinkhole.control.web.v1.letting_in import LettingIn
from sinkhole.control.web.v1.openapi import Description
from sinkhole.control.web.v1.route import ApiRoute
from sinkhole.control.web.v1.routes import ROUTES
from sinkhole.control.web.v1.signing_in import SigningIn
from sinkhole.control.web.v1.uploads import Uploads


class V1:
    """The API over a house: `routes` are the operations that it offers."""

    def __init__(self, house: House, routes: Sequence[ApiRoute] = ROUTES) -> None:
        self._house = house
        self._routes = routes
        self._uploads = Uploads()
        self._events = Events(house)
        self._entries = [*SigningIn(house.identity).all(), *LettingIn(house).all()]
        self._entries.append(self._events.entry)
        self.description = Description(routes, self._entries)
        self._entries.append(self.description.entry)

    async def close(self, app: web.Application) -> None:
        """End what would go on for as long as somebody listens."""
        await self._events.close(app)

    def locations(self) -> Iterator[Location]:
        """Everything below /api/v1."""
        for route in self._routes:
            yield Location(
                route.method,
                route.address,
                route.operation.permission,
                self._handler(route),
                takes_file=route.takes_file,
            )
        for entry in self._entries:
            yield entry.location

    def _handler(self, route: ApiRoute) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            """Have the operation done for who asks."""
            given = await read_input(route, request)
            if not route.takes_file:
                return await self._answer(route, request, given)
            folder = self._house.settings.settings.data_dir
            async with self._uploads.received(request, folder) as file:
                return await self._answer(route, request, given.model_copy(update={"file": file}))

        return handle

    async def _answer(
        self, route: ApiRoute, request: web.Request, given: BaseModel
    ) -> web.StreamResponse:
        # Whoever goes away interrupts no change, but nothing is looked for that nobody waits for.
        with nullcontext() if route.operation.changes else while_connected(request):
            done = await perform(route.operation, self._house, actor_of(request), given)
            return await answer(route, request, done)
