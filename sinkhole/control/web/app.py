"""The application: its routes, and what every request of them has in common."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from sinkhole.control.web.api import Api
from sinkhole.control.web.assets import Assets
from sinkhole.control.web.connections import HttpConnection
from sinkhole.control.web.metrics import Metrics
from sinkhole.control.web.request_checks import check_requests
from sinkhole.control.web.responses import SAFE_HEADERS, error_response
from sinkhole.control.web.sources import WebSources
from sinkhole.model.errors import SinkholeError
from sinkhole.model.status import Health

log = logging.getLogger(__name__)

MOST_BODY_BYTES = 64 * 1024
READ_S = 20.0
"""How long a GET may wait for a source. A stalled disk then shows as an error and not as a page
that never ends; only a list update, which downloads, may take longer."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(sources: WebSources, *, hosts: Iterable[str] = ()) -> web.Application:
    """The web server's application; `hosts` are Host names accepted besides IP addresses.

    Raises OSError when the page's files are not where they were installed.
    """
    app = web.Application(
        client_max_size=MOST_BODY_BYTES,
        middlewares=[_deadlines, _errors_as_json, check_requests(hosts)],
    )
    app.on_response_prepare.append(_safe_headers)
    assets = Assets()
    app.add_routes(
        [
            web.get("/", assets.index),
            web.get("/assets/{version}/{name}", assets.file),
            web.get("/healthz", _health(sources.health)),
            web.get("/metrics", Metrics(sources).scrape),
            *Api(sources).routes(),
        ]
    )
    return app


def _health(health: Callable[[], Health]) -> _Handler:
    async def respond(request: web.Request) -> web.StreamResponse:
        """GET /healthz: "ok", "degraded" or "failing" (503), then a line for each reason."""
        state, reasons = health()
        lines = [state, *(_one_line(reason) for reason in reasons)]
        return web.Response(
            text="".join(f"{line}\n" for line in lines),
            status=503 if state == "failing" else 200,
            headers={"Cache-Control": "no-store"},
        )

    return respond


def _one_line(text: str) -> str:
    """`text` without line ends, terminal escapes and whatever else can't be seen."""
    return "".join(char if char.isprintable() else " " for char in text)


@web.middleware
async def _deadlines(request: web.Request, handler: _Handler) -> web.StreamResponse:
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
async def _errors_as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        async with asyncio.timeout(READ_S if request.method == "GET" else None):
            return await handler(request)
    except web.HTTPException as error:
        return _translate(error)
    except SinkholeError as error:
        return error_response(503, str(error))
    except TimeoutError:
        return error_response(503, f"no answer within {READ_S:.0f} s; is the disk stalled?")
    except ConnectionError:  # who asked is gone: nobody's bug, and nobody reads this
        return error_response(400, "the connection has ended")
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return error_response(500, "something went wrong; the server's log says what")


def _translate(error: web.HTTPException) -> web.Response:
    texts = {
        404: "there is nothing at this address",
        405: "this address does not take that method",
        413: f"the body is larger than {MOST_BODY_BYTES // 1024} KiB",
    }
    response = error_response(error.status, texts.get(error.status) or error.text or error.reason)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    if error.status in (408, 413):  # what is left of the body is not worth reading
        response.force_close()
    return response


async def _safe_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SAFE_HEADERS)
