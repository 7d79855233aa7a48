"""What an address of the web server is: how it is asked, what that needs, and who answers.

There is no other way onto the server than this: so nothing can be served without saying who may
ask for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from aiohttp import web

from sinkhole.model.actor import Permission

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Needs(Enum):
    """What is needed where it is no permission."""

    NOTHING = "nothing"
    """Anybody may, who is no stranger's page: signing in, and what tells nothing."""
    LINK = "link"
    """The same, and other sites may link to it and load it: it costs and tells nothing."""
    SOMEBODY = "somebody"
    """Whoever has said who he is, whatever he may."""


@dataclass(frozen=True, slots=True)
class Location:
    """A method and a path, written as the library writes it: `/lists/{name}`.

    `takes_file` says that its body is no JSON.
    """

    method: Method
    path: str
    needs: Permission | Needs
    handler: Handler
    takes_file: bool = False

    def __post_init__(self) -> None:
        """TypeError for one that does not say what it needs."""
        if not isinstance(self.needs, Permission | Needs):
            raise TypeError(f"{self.method} {self.path} does not say who may ask for it")


class Locations:
    """All addresses of an application; what is asked besides is a stranger's guess."""

    def __init__(self) -> None:
        self._by_route: dict[object, Location] = {}

    def add(self, app: web.Application, addresses: Iterable[Location]) -> None:
        """Serve these; what can be read has its head alone as well."""
        for each in addresses:
            methods = (each.method, "HEAD") if each.method == "GET" else (each.method,)
            for method in methods:
                self._by_route[app.router.add_route(method, each.path, each.handler)] = each

    def of(self, request: web.Request) -> Location | None:
        """The address that a request is for, None where there is nothing."""
        return self._by_route.get(request.match_info.route)
