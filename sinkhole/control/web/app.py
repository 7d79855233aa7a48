"""The application: its addresses, and what every request of them has in common."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence

from aiohttp import web

from sinkhole.control.operations.house import House
from sinkhole.control.web.adguard.control import Control
from sinkhole.control.web.api import Api
from sinkhole.control.web.assets import Assets
from sinkhole.control.web.connections import HttpConnection
from sinkhole.control.web.gate import Gate, is_framed
from sinkhole.control.web.health import Healthiness
from sinkhole.control.web.locations import Handler, Location, Needs
from sinkhole.control.web.metrics import Metrics
from sinkhole.control.web.profiles import Profiles
from sinkhole.control.web.refusals import MOST_BODY_BYTES, READ_S, refusal_of
from sinkhole.control.web.responses import FRAMED_HEADERS, SAFE_HEADERS
from sinkhole.control.web.streams import BEGUN, LIMIT
from sinkhole.control.web.v1.route import ApiRoute
from sinkhole.control.web.v1.routes import ROUTES
from sinkhole.control.web.v1.v1 import V1
from sinkhole.model.actor import Permission

log = logging.getLogger(__name__)


def create_app(
    house: House, *, hosts: Iterable[str] = (), routes: Sequence[ApiRoute] = ROUTES
) -> web.Application:
    """The web server's application; `hosts` are names of this machine besides its addresses, those
    of the settings apart; `routes` are the operations that are offered. Reads files: in a thread
    only.

    Raises OSError when the page's files are not where they were installed.
    """
    gate = Gate(house, hosts)
    app = web.Application(
        client_max_size=MOST_BODY_BYTES,
        middlewares=[_deadlines, _refusals, gate.pass_through],
    )
    app.on_response_prepare.append(_safe_headers)
    v1 = V1(house, routes)
    app.on_shutdown.append(v1.close)
    gate.book.add(app, locations_of(house, v1))
    return app


def locations_of(house: House, v1: V1) -> Iterator[Location]:
    """Everything that is served."""
    assets, health = Assets(), Healthiness(house)
    yield Location("GET", "/", Needs.LINK, assets.index)
    yield Location("GET", "/assets/{name}", Needs.LINK, assets.file)
    yield Location("GET", "/healthz", Needs.LINK, health.health)
    yield Location("GET", "/readyz", Needs.LINK, health.readiness)
    yield Location("GET", "/profile.mobileconfig", Needs.LINK, Profiles(house).fetch)
    yield Location("GET", "/metrics", Permission.METRICS, Metrics(house).scrape)
    yield from Api(house).locations()
    yield from v1.locations()
    yield from Control(house).locations()


@web.middleware
async def _deadlines(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Stop the connection's clock while we work; it runs for what the client has to do."""
    connection = request.protocol
    if not isinstance(connection, HttpConnection):
        return await handler(request)
    connection.stop_waiting()
    try:
        return await handler(request)
    finally:
        connection.wait_for_peer()


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what was raised, in the form that the address has."""
    try:
        async with asyncio.timeout(READ_S if request.method == "GET" else None) as limit:
            request[LIMIT] = limit
            return await handler(request)
    except Exception as error:
        refusal = refusal_of(error)
        if refusal.code == "bug":
            log.exception("%s %s failed", request.method, request.path)
        begun: web.StreamResponse | None = request.get(BEGUN)
        if begun is None:
            return refusal.response(request.path)
        if request.transport is not None:  # so that nobody takes a part for the whole
            request.transport.abort()
        return begun


async def _safe_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SAFE_HEADERS)
    if is_framed(request):
        response.headers.update(FRAMED_HEADERS)
