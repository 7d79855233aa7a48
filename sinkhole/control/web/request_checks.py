"""Whose requests are heard at all, and which of them may change something.

A browser inside the house can be made to send requests by any page on the internet. Against
that stand three checks. The Host header must name this server: a hostile name pointed at our
address ("DNS rebinding") gets 421. Whatever is more than the page itself must not come from
another site's page (Sec-Fetch-Site, Origin, Referer), even to read: such a page can't see the
response, but makes the server work, and how long that takes tells what is in the log. These two
are looked at before anything else, so a foreign page learns nothing by waiting either. There is no
CORS: nobody else may read our responses.

Browsers send Sec-Fetch-Site only over TLS and to the machine they run on, and a page can keep its
address out of the Referer. So of a browser, which calls itself "Mozilla/...", a request that bears
no sign of its origin goes on only with the field X-Requested-With, as those of our own page have
it, or with a token; programs need nothing of all this.

The third is for whoever is known by what his browser or his machine adds to every request: a
cookie, or that he asks from this machine. What he changes must be sent as no foreign form can send
it, and with a cookie by a page that says it is ours. A token, which no browser adds by itself, and
the socket, which no browser reaches, need nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address

from aiohttp import web

from sinkhole.control.web.approach import Approach
from sinkhole.control.web.refusals import Refused
from sinkhole.model.actor import Actor

READING = frozenset({"GET", "HEAD", "OPTIONS"})
_AUTHORITY = re.compile(r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^\[\]@:/?#\s]+))(?::\d{1,5})?")
_HOME_DOMAINS = ("local", "lan", "home", "home.arpa", "internal")
"""Endings a home network gives its machines; none can be registered on the internet."""


def machine_names(machine: str) -> tuple[str, ...]:
    """The Host names of a machine: its own name, alone and under the endings of a home."""
    short = machine.partition(".")[0]
    return (machine, *(f"{short}.{domain}" for domain in _HOME_DOMAINS))


def check_host(request: web.Request, approach: Approach, names: Collection[str]) -> None:
    """Raise Refused for a request to a name that is none of ours, `names` or any address."""
    if len(request.headers.getall("Host", [])) != 1:
        raise Refused(400, "bad_host", "exactly one Host header is needed")
    host = host_of(approach.host)
    if host not in names and not _is_address(host):
        text = "this server is not known by that name; add the name to web.hosts in the settings"
        raise Refused(421, "unknown_host", text)


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


def check_origin(request: web.Request, approach: Approach) -> None:
    """Raise Refused for what another site's page may have sent."""
    headers = request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    ours = origin is None or _is_of(origin, approach.host)
    if site is not None:
        ours = ours and site in ("same-origin", "none")
    elif "Referer" in headers:
        ours = ours and _is_of(headers["Referer"], approach.host)
    elif origin is None and not {"X-Requested-With", "Authorization"} & headers.keys():
        ours = not headers.get("User-Agent", "").startswith("Mozilla/")
    if not ours:
        raise Refused(
            403,
            "foreign_page",
            "this request may come from another site's page: open it from sinkhole's own, or ask "
            "by a program such as curl",
        )


def check_intent(
    request: web.Request, approach: Approach, actor: Actor | None, *, takes_file: bool
) -> None:
    """Raise Refused for what would change something and may not be meant by who asks."""
    if request.method in READING or (actor is not None and actor.kind in ("token", "socket")):
        return
    wanted = "application/octet-stream" if takes_file else "application/json"
    if request.content_type != wanted or "Content-Type" not in request.headers:
        raise Refused(415, "wrong_content_type", f"send Content-Type: {wanted}")
    if actor is not None and actor.kind == "session":
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        if site != "same-origin" and not (origin and _is_of(origin, approach.host)):
            text = "with a cookie, this needs the Origin of sinkhole's own page; or send a token"
            raise Refused(403, "no_origin", text)


def _is_of(address: str, host: str) -> bool:
    # Only the authority is compared: behind a TLS proxy the scheme we see is not the browser's.
    return address.partition("://")[2].partition("/")[0].lower() == host.lower()
