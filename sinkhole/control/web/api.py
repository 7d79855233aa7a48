"""The addresses of before /api/v1, which stay as they are; their errors are `{"error": "..."}`.

Every wrong parameter gets 400 with its name and what is accepted. Nothing changes on GET, and no
upstream is asked.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from aiohttp import web

from sinkhole.control.lists.status import ListWithHits, with_hits
from sinkhole.control.operations.house import House
from sinkhole.control.operations.underway import MOST_TRIALS
from sinkhole.control.querylog.history import MOST_ROWS
from sinkhole.control.web.bodies import read_json
from sinkhole.control.web.locations import Location
from sinkhole.control.web.refusals import Refused
from sinkhole.control.web.responses import error_response, json_response
from sinkhole.model.actor import Permission
from sinkhole.model.errors import ListError, StorageError

_QUESTION = frozenset({"name", "type", "client", "at", "also"})
"""What may be said of a question that is to be explained."""


class Api:
    """The handlers of /api; one list update runs at a time."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._updating = False
        self._trials = 0

    def locations(self) -> list[Location]:
        """Everything below /api that is not below /api/v1."""
        get, post = partial(Location, "GET"), partial(Location, "POST")
        return [
            get("/api/stats", Permission.STATS_READ, self.stats),
            get("/api/queries", Permission.LOG_READ, self.queries),
            get("/api/status", Permission.STATUS_READ, self.status),
            get("/api/explain", Permission.LOG_READ, self.explain),
            post("/api/explain", Permission.LOG_READ, self.explain_asking),
            get("/api/lists", Permission.LISTS_READ, self.lists),
            post("/api/lists/update", Permission.LISTS_WRITE, self.update_lists),
            post("/api/lists/accept", Permission.LISTS_WRITE, self.accept_list),
            post("/api/upstreams/test", Permission.SETTINGS_WRITE, self.test_upstream),
        ]

    async def stats(self, request: web.Request) -> web.Response:
        """GET /api/stats?period=: totals, series and tops of the last hour, day, week…"""
        given = _parameters(request, {"period"})
        try:
            summary = await self._house.statistics().summary(given.get("period", "24h"))
        except ValueError as error:
            return error_response(400, str(error))
        return json_response(summary)

    async def queries(self, request: web.Request) -> web.Response:
        """GET /api/queries?limit&before&client&name&verdict&type&transport: newest first."""
        given = _parameters(
            request, {"limit", "before", "client", "name", "verdict", "type", "transport"}
        )
        try:
            page = await self._house.query_log().history.page(
                limit=_limit(given.get("limit", "100")),
                before=given.get("before"),
                client=given.get("client"),
                name=given.get("name"),
                verdict=given.get("verdict"),
                qtype=given.get("type"),
                transport=given.get("transport"),
                is_wanted=lambda: request.transport is not None,
            )
        except ValueError as error:
            return error_response(400, str(error))
        return json_response(page)

    async def status(self, request: web.Request) -> web.Response:
        """GET /api/status: version, addresses, lists, upstreams, cache, log and problems."""
        _parameters(request, ())
        return json_response(self._house.status())

    async def explain(self, request: web.Request) -> web.Response:
        """GET /api/explain?name&type&client&at&also: who decides what about a name, and why."""
        given = _parameters(request, {*_QUESTION, "ask"})
        if "name" not in given:
            raise _bad_request("say which name: /api/explain?name=example.org")
        if _flag("ask", given.pop("ask", "false")):
            refusal = error_response(
                405, 'ask=true has upstreams asked: POST /api/explain {"name": "…", "ask": true}'
            )
            refusal.headers["Allow"] = "POST"
            return refusal
        return await self._explain(given, ask=False)

    async def explain_asking(self, request: web.Request) -> web.Response:
        """POST /api/explain {"name", "type", "client", "at", "also", "ask"}: the same, and may ask
        upstreams."""
        given = await read_json(request)
        if not isinstance(given, dict) or not given.get("name"):
            raise _bad_request('say which name: {"name": "example.org"}')
        ask = given.pop("ask", False)
        if not isinstance(ask, bool):
            raise _bad_request("ask may be true or false")
        for key, value in given.items():
            if key not in _QUESTION:
                accepted = ", ".join(sorted({*_QUESTION, "ask"}))
                raise _bad_request(f"unknown key {key[:40]!r}; accepted: {accepted}")
            if not isinstance(value, str):
                raise _bad_request(f"{key} has to be a text")
        return await self._explain({key: value for key, value in given.items() if value}, ask=ask)

    async def _explain(self, given: dict[str, str], *, ask: bool) -> web.Response:
        qtype, client = given.get("type", "A"), given.get("client", "")
        more = {key: given[key] for key in ("at", "also") if key in given}
        explainer = self._house.explainer()
        try:
            told = await explainer.explain(given["name"], qtype, client, ask=ask, **more)
        except ValueError as error:
            return error_response(400, str(error))
        return json_response(told)

    async def lists(self, request: web.Request) -> web.Response:
        """GET /api/lists: every list with its state, what it holds and how often it blocked."""
        _parameters(request, ())
        return json_response({"lists": await self._lists()})

    async def update_lists(self, request: web.Request) -> web.Response:
        """POST /api/lists/update: fetch all lists now; 409 while an update is running."""
        await _no_options(request)
        if self._updating:
            return error_response(409, "the lists are being updated already; wait for it to end")
        self._updating = True
        try:
            updated = await self._house.library.update()
        finally:
            self._updating = False
        return json_response({"updated": updated, "lists": await self._lists()})

    async def accept_list(self, request: web.Request) -> web.Response:
        """POST /api/lists/accept {"name": "…"}: use what is held back; 409 when nothing is."""
        options = await read_json(request)
        name = options.get("name") if isinstance(options, dict) else None
        if not isinstance(name, str) or options != {"name": name}:
            raise _bad_request('say which list: {"name": "…"}')
        try:
            await self._house.library.accept(name)
        except ListError as error:
            return error_response(409, str(error))
        return json_response({"lists": await self._lists()})

    async def test_upstream(self, request: web.Request) -> web.Response:
        """POST /api/upstreams/test {"url": "…"}: try it out; 400 for what is no upstream, 409 while
        MOST_TRIALS others are being tried."""
        options = await read_json(request)
        url = options.get("url") if isinstance(options, dict) else None
        if not isinstance(url, str) or options != {"url": url}:
            raise _bad_request('say which upstream: {"url": "tls://dns.example.org"}')
        if self._trials >= MOST_TRIALS:
            return error_response(409, f"{MOST_TRIALS} upstreams are being tried already")
        self._trials += 1
        try:
            return json_response(await self._house.try_upstream(url))
        except ValueError as error:
            return error_response(400, str(error))
        finally:
            self._trials -= 1

    async def _lists(self) -> list[ListWithHits]:
        """The lists with their hits, which are null while there are no statistics."""
        try:
            hits = await self._house.statistics().list_hits()
        except StorageError:
            hits = None
        return with_hits(self._house.library.status(), hits)


def _parameters(request: web.Request, accepted: Collection[str]) -> dict[str, str]:
    """The parameters of the address, empty ones left out; 400 for unknown or repeated ones."""
    given: dict[str, str] = {}
    for key, value in request.query.items():
        if key not in accepted:
            names = ", ".join(sorted(accepted)) or "no parameters"
            raise _bad_request(f"unknown parameter {key[:40]!r}; accepted: {names}")
        if key in given:
            raise _bad_request(f"{key} is given twice")
        given[key] = value
    return {key: value for key, value in given.items() if value}


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST_ROWS:
        return int(text)
    raise ValueError(f"limit is {text[:40]!r}; it may be a whole number from 1 to {MOST_ROWS}")


def _flag(key: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise _bad_request(f"{key} is {text[:40]!r}; it may be true or false")
    return text == "true"


async def _no_options(request: web.Request) -> None:
    """Read a body that may be empty or `{}`: what takes no options shall not ignore any."""
    if await read_json(request) != {}:
        raise _bad_request("this takes no options; send {}")


def _bad_request(text: str) -> Refused:
    return Refused(400, "invalid", text)
