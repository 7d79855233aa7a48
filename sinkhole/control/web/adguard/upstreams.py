"""Servers and routes in the notation of that server: one text for each server, and for names that
others are asked about `[/example.org/*.example.net/]192.0.2.1 tls://dns.example.org`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.upstream_schema import USUAL_SERVERS, Servers, UpstreamSettings
from sinkhole.control.settings.upstream_values import UNQUALIFIED, parse_route
from sinkhole.control.web.adguard.asked import bad_request, forgotten

SERVERS: Final = "upstream.servers"
FALLBACK: Final = "upstream.fallback"
ROUTES: Final = "upstream.routes"

_OPEN, _CLOSE = "[/", "/]"
_USUAL: Final = "#"


class Written(NamedTuple):
    """What lines say: servers for all names, and for some."""

    servers: list[str]
    routes: dict[str, list[str]]


NOTHING_SAID: Final = Written([], {})


def shown(settings: Settings) -> list[str]:
    """The usual servers and the routes, secrets masked."""
    upstream = settings.upstream.without_secrets()
    lines = [text_of(each) for each in upstream.servers]
    for name, target in upstream.routes.items():
        lines.append(f"{_OPEN}{_name_there(name)}{_CLOSE}{' '.join(_target(upstream, target))}")
    return lines


def texts_of(servers: Servers) -> list[str]:
    """Servers as texts."""
    return [text_of(each) for each in servers]


def text_of(item: Any) -> str:
    """A server as text: without its patience, which there all share."""
    plain = plain_of(item)
    return str(plain["url"] if isinstance(plain, dict) else plain)


def upstream_changes(settings: Settings, lines: Sequence[str]) -> list[Change]:
    """What makes of the usual servers and routes what lines say; those that are the same stay as
    they are. No line at all is the default, as there. Refused (400) for a line that says nothing
    that can be had here."""
    shown_upstream = settings.upstream.without_secrets()
    written = read(lines)
    changes = list_changes(SERVERS, shown_upstream.servers, written.servers)
    if written == NOTHING_SAID:
        changes = [forgotten(settings, SERVERS)]
    before = {
        name: _target(shown_upstream, target) for name, target in shown_upstream.routes.items()
    }
    for name, servers in written.routes.items():
        if before.get(name) != servers:
            target: Any = USUAL_SERVERS if servers == [_USUAL] else servers
            changes.append(Change(ROUTES, name, "set", target))
    gone = (name for name in before if name not in written.routes)
    return [*changes, *(Change(ROUTES, name, "remove") for name in gone)]


def list_changes(key: str, now: Servers, wanted: Iterable[str]) -> list[Change]:
    """What makes a list of servers another one; each that stays keeps its patience."""
    texts = list(dict.fromkeys(wanted))
    if texts == texts_of(now):
        return []
    known = {text_of(each): plain_of(each) for each in now}
    return [Change(key, value=[known.get(text, text) for text in texts])]


def read(lines: Iterable[str]) -> Written:
    """What lines say; comments and empty ones say nothing."""
    servers: list[str] = []
    routes: dict[str, list[str]] = {}
    for line in map(str.strip, lines):
        if not line or line.startswith("#"):
            continue
        if not line.startswith(_OPEN):
            servers.append(line)
            continue
        names, found, target = line.removeprefix(_OPEN).partition(_CLOSE)
        texts = target.split()
        if not found or not texts or (_USUAL in texts and len(texts) > 1):
            raise bad_request(f"upstream servers: {line[:200]!r} names no server for its domains")
        for name in names.split("/"):
            known = routes.setdefault(_name_here(name), [])
            known += (each for each in texts if each not in known)
    return Written(servers, routes)


def servers_in(lines: Iterable[str]) -> list[str]:
    """The servers that lines name, each once, for trying them out."""
    written = read(lines)
    found = [*written.servers, *(each for some in written.routes.values() for each in some)]
    return [each for each in dict.fromkeys(found) if each != _USUAL]


def _target(upstream: UpstreamSettings, target: Servers | str) -> list[str]:
    if target == USUAL_SERVERS:
        return [_USUAL]
    if isinstance(target, str):
        found = upstream.sets.get(target)
        return texts_of(found.servers) if found is not None else [_USUAL]
    return texts_of(target)


def _name_there(name: str) -> str:
    return "" if name == UNQUALIFIED else name.rstrip(".")


def _name_here(name: str) -> str:
    try:
        if name in ("", UNQUALIFIED):
            return f"{name}." if name else UNQUALIFIED
        return parse_route(name)
    except ValueError as error:
        raise bad_request(f"upstream servers: {error}") from None
