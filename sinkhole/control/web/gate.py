"""The one way in: every request passes here before its handler runs.

In this order: is it for us and not from a foreign page; who asks; may he; does he mean it. What is
refused has cost no more than a look at its headers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aiohttp import web

from sinkhole.control.operations.house import House
from sinkhole.control.settings.schema import WebSettings
from sinkhole.control.web.adguard.credentials import Credentials, check_type
from sinkhole.control.web.approach import Approach, approach_of
from sinkhole.control.web.callers import Callers
from sinkhole.control.web.locations import Handler, Location, Locations, Needs
from sinkhole.control.web.refusals import CONTROL, Refused
from sinkhole.control.web.request_checks import READING, check_host, check_intent, check_origin
from sinkhole.model.actor import Actor, Permission

_ACTOR: Final = web.RequestKey("actor", Actor)
_APPROACH: Final = web.RequestKey("approach", Approach)


def actor_of(request: web.Request) -> Actor:
    """Who asks, at an address that needs somebody."""
    return request[_ACTOR]


def asked_by(request: web.Request) -> Approach:
    """How a request came, behind the gate."""
    return request[_APPROACH]


def is_framed(request: web.Request) -> bool:
    """Whether the answer may be shown in a frame, see `Approach`; not before the gate."""
    approach = request.get(_APPROACH)
    return approach is not None and approach.is_framed


def require(actor: Actor, permission: Permission) -> None:
    """Raise Refused where an actor lacks a permission."""
    if not actor.may(permission):
        text = f"this needs the permission {permission}, which {actor.name} does not have"
        raise Refused(403, "permission_missing", text, more={"permission": str(permission)})


class Gate:
    """Lets requests pass, or not. `hosts` are names of this machine besides its addresses; those of
    the settings are read at each request, so that they count at once."""

    def __init__(self, house: House, hosts: Iterable[str]) -> None:
        self.book = Locations()
        self._settings = house.settings
        self._callers = Callers(house.identity)
        self._credentials = Credentials(house.identity, self._callers)
        self._own = frozenset({"localhost", *(_plain(host) for host in hosts)})
        self._web: WebSettings | None = None
        self._names = self._own

    @web.middleware
    async def pass_through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request; a middleware."""
        address = self.book.of(request)
        approach = approach_of(request, self._settings.settings.web.trusted_proxies)
        if not approach.is_socket:
            check_host(request, approach, self._known_names())
            if _is_guarded(request, address):
                check_origin(request, approach)
        request[_APPROACH] = approach
        actor = await self._admit(request, approach, address)
        if actor is not None:
            request[_ACTOR] = actor
        if request.path.startswith(CONTROL):
            check_type(request)
        else:
            takes_file = address is not None and address.takes_file
            check_intent(request, approach, actor, takes_file=takes_file)
        return await handler(request)

    async def _admit(
        self, request: web.Request, approach: Approach, address: Location | None
    ) -> Actor | None:
        """Who asks, if he may; Refused where not."""
        needs = address.needs if address is not None else Needs.SOMEBODY
        if needs in (Needs.NOTHING, Needs.LINK):
            return None
        if request.path.startswith(CONTROL):
            actor = await self._credentials.actor_of(request, approach)
        else:
            actor = self._callers.actor_of(request, approach)
        if actor is None:
            raise self._callers.nobody()
        if isinstance(needs, Permission):
            require(actor, needs)
        return actor

    def _known_names(self) -> frozenset[str]:
        settings = self._settings.settings.web
        if settings is not self._web:
            self._web = settings
            self._names = self._own.union(_plain(host) for host in settings.hosts)
        return self._names


def _is_guarded(request: web.Request, address: Location | None) -> bool:
    is_link = address is not None and address.needs is Needs.LINK
    return not is_link or request.method not in READING


def _plain(host: str) -> str:
    return host.lower().rstrip(".")
