"""Who may ask: checked before any handler runs.

A browser inside the house can be made to send requests by any page on the internet. Against
that stand three checks. The Host header must name this server: a hostile name pointed at our
address ("DNS rebinding") gets 421. Whatever is more than the page itself must not come from
another site's page (Sec-Fetch-Site, Origin, Referer), even to read: such a page can't see the
response, but makes the server work, and how long that takes tells what is in the log. A request
that changes something or has upstreams asked must also be JSON, which no foreign form can send
without asking first. There is no CORS: nobody else may read our responses.

Browsers send Sec-Fetch-Site only over TLS and to the machine they run on, and a page can keep its
address out of the Referer. So of a browser, which calls itself "Mozilla/...", a request that bears
no sign of its origin goes on only with the field X-Requested-With, as those of our own page have
it; programs need nothing of all this.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Middleware

from sinkhole.control.web.responses import error_response

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = frozenset({"/", "/healthz"})
"""What other sites may link to and load, with the page's files: it costs and tells nothing."""
_AUTHORITY = re.compile(r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^\[\]@:/?#\s]+))(?::\d{1,5})?")
_HOME_DOMAINS = ("local", "lan", "home", "home.arpa", "internal")
"""Endings a home network gives its machines; none can be registered on the internet."""


def machine_names(machine: str) -> tuple[str, ...]:
    """The Host names of a machine: its own name, alone and under the endings of a home."""
    short = machine.partition(".")[0]
    return (machine, *(f"{short}.{domain}" for domain in _HOME_DOMAINS))


def check_requests(hosts: Iterable[str]) -> Middleware:
    """A middleware that refuses strangers; `hosts` are names accepted besides IP addresses.

    A response is compared with None and never asked whether it is true: an empty one is false
    with some versions of the library.
    """
    names = frozenset({"localhost", *(host.lower().rstrip(".") for host in hosts)})

    @web.middleware
    async def check(request: web.Request, handler: _Handler) -> web.StreamResponse:
        refusal = _wrong_host(request, names)
        if refusal is None and _is_guarded(request):
            refusal = _foreign(request)
        if refusal is None and request.method not in _READING:
            refusal = _not_json(request)
        return await handler(request) if refusal is None else refusal

    return check


def _wrong_host(request: web.Request, names: frozenset[str]) -> web.Response | None:
    given = request.headers.getall("Host", [])
    if len(given) != 1:
        return error_response(400, "exactly one Host header is needed")
    host = host_of(given[0])
    if host in names or _is_address(host):
        return None
    return error_response(
        421, "this server is not known by that name; add the name to web.hosts in the settings"
    )


def host_of(authority: str) -> str:
    """The host of "host:port" or "[address]:port", lower-cased, "" when it is neither."""
    found = _AUTHORITY.fullmatch(authority.lower())
    return (found["address"] or found["name"].rstrip(".")) if found else ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_guarded(request: web.Request) -> bool:
    if request.method == "OPTIONS":  # no address takes it: 405, without leave for anybody
        return False
    is_page = request.path in _OPEN or request.path.startswith("/assets/")
    return not is_page or request.method not in _READING


def _foreign(request: web.Request) -> web.Response | None:
    headers = request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    ours = origin is None or _is_of(origin, headers["Host"])
    if site is not None:
        ours = ours and site in ("same-origin", "none")
    elif "Referer" in headers:
        ours = ours and _is_of(headers["Referer"], headers["Host"])
    elif origin is None and "X-Requested-With" not in headers:
        ours = not headers.get("User-Agent", "").startswith("Mozilla/")
    if ours:
        return None
    return error_response(
        403,
        "this request may come from another site's page: open it from sinkhole's own, or ask by a "
        "program such as curl",
    )


def _is_of(address: str, host: str) -> bool:
    # Only the authority is compared: behind a TLS proxy the scheme we see is not the browser's.
    return address.partition("://")[2].partition("/")[0].lower() == host.lower()


def _not_json(request: web.Request) -> web.Response | None:
    if request.content_type == "application/json":
        return None
    return error_response(415, "send Content-Type: application/json")
