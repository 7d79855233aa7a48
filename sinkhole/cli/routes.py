"""Where the API has each operation that a command asks for.

The page's table of routes says the same and more, but importing it takes as long as a server does;
a test holds the two equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

API: Final = "/api/v1"

_PARAMETER: Final = re.compile(r"\{(\w+)\}")


class Request(NamedTuple):
    """What to ask: `query` has what stands behind the question mark, `body` is sent as JSON."""

    method: str
    path: str
    query: dict[str, Any]
    body: dict[str, Any] | None


class Route(NamedTuple):
    """A method, and a path below the API's with names of inputs in it: `/lists/{name}`."""

    method: str
    path: str

    def request(self, given: Mapping[str, Any], *, has_file: bool = False) -> Request:
        """The request for an input; with `has_file` the body is somebody else's.

        What is None is left out. What doesn't stand in the path goes into the body, for methods
        that have one, else into the query, where a list is several values of one name.
        """
        rest = {key: value for key, value in given.items() if value is not None}

        def fill(found: re.Match[str]) -> str:
            return quote(str(rest.pop(found[1])), safe="")

        path = API + _PARAMETER.sub(fill, self.path)
        if has_file or self.method in ("GET", "DELETE"):
            return Request(self.method, path, {k: _text(v) for k, v in rest.items()}, None)
        return Request(self.method, path, {}, rest)


def route_of(operation: str) -> Route:
    """Where the API has an operation."""
    return ROUTES[operation]


def _text(value: Any) -> Any:
    """A value as a query writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return [_text(each) for each in value]
    return str(value)


ROUTES: Final[dict[str, Route]] = {
    "status.show": Route("GET", "/status"),
    "server.drain": Route("POST", "/server/drain"),
    "server.undrain": Route("POST", "/server/undrain"),
    "server.restart": Route("POST", "/server/restart"),
    "storage.show": Route("GET", "/storage"),
    "storage.migration": Route("GET", "/storage/migration"),
    "storage.migrate": Route("POST", "/storage/migrate"),
    "protection.show": Route("GET", "/protection"),
    "protection.pause": Route("POST", "/protection/pause"),
    "protection.resume": Route("POST", "/protection/resume"),
    "query.ask": Route("POST", "/query"),
    "names.preview": Route("POST", "/names/preview"),
    "names.choose": Route("POST", "/names/choose"),
    "rules.list": Route("GET", "/rules"),
    "rules.add": Route("POST", "/rules"),
    "rules.remove": Route("POST", "/rules/remove"),
    "rules.end": Route("POST", "/rules/end"),
    "rules.test": Route("POST", "/rules/test"),
    "lists.list": Route("GET", "/lists"),
    "lists.show": Route("GET", "/lists/{name}"),
    "lists.add": Route("POST", "/lists"),
    "lists.change": Route("PATCH", "/lists/{name}"),
    "lists.remove": Route("DELETE", "/lists/{name}"),
    "lists.update": Route("POST", "/lists/update"),
    "lists.progress": Route("GET", "/list-progress"),
    "lists.accept": Route("POST", "/lists/{name}/accept"),
    "lists.rollback": Route("POST", "/lists/{name}/rollback"),
    "lists.diff": Route("GET", "/lists/{name}/diff"),
    "lists.versions": Route("GET", "/lists/{name}/versions"),
    "lists.overlap": Route("GET", "/list-overlap"),
    "lists.preview": Route("POST", "/lists/preview"),
    "services.list": Route("GET", "/services"),
    "services.change": Route("PATCH", "/services/{id}"),
    "safe_search.show": Route("GET", "/safe-search"),
    "safe_search.change": Route("PATCH", "/safe-search"),
    "clients.list": Route("GET", "/clients"),
    "clients.set": Route("PUT", "/clients/{name}"),
    "clients.remove": Route("DELETE", "/clients/{name}"),
    "clients.rename": Route("POST", "/clients/{name}/rename"),
    "groups.list": Route("GET", "/groups"),
    "groups.set": Route("PUT", "/groups/{name}"),
    "groups.remove": Route("DELETE", "/groups/{name}"),
    "groups.rename": Route("POST", "/groups/{name}/rename"),
    "schedules.list": Route("GET", "/schedules"),
    "schedules.set": Route("PUT", "/schedules/{name}"),
    "schedules.remove": Route("DELETE", "/schedules/{name}"),
    "schedules.rename": Route("POST", "/schedules/{name}/rename"),
    "devices.list": Route("GET", "/devices"),
    "devices.show": Route("GET", "/devices/{device}"),
    "devices.adopt": Route("POST", "/devices/{device}/adopt"),
    "devices.forget": Route("DELETE", "/devices/{device}"),
    "records.list": Route("GET", "/records"),
    "records.set": Route("PUT", "/records/{name}"),
    "records.remove": Route("DELETE", "/records/{name}"),
    "routes.list": Route("GET", "/routes"),
    "routes.set": Route("PUT", "/routes/{name}"),
    "routes.remove": Route("DELETE", "/routes/{name}"),
    "upstream_sets.list": Route("GET", "/upstream-sets"),
    "upstream_sets.set": Route("PUT", "/upstream-sets/{name}"),
    "upstream_sets.remove": Route("DELETE", "/upstream-sets/{name}"),
    "upstreams.show": Route("GET", "/upstreams"),
    "cache.show": Route("GET", "/cache"),
    "cache.look_up": Route("GET", "/cache/entries"),
    "cache.flush": Route("POST", "/cache/flush"),
    "cache.flush_name": Route("POST", "/cache/flush-name"),
    "statistics.show": Route("GET", "/statistics"),
    "statistics.reset": Route("POST", "/statistics/reset"),
    "log.search": Route("POST", "/log/search"),
    "log.sum": Route("POST", "/log/sum"),
    "log.show": Route("GET", "/log/{id}"),
    "log.freeze": Route("POST", "/log/freeze"),
    "log.export": Route("GET", "/log/export"),
    "log.delete_all": Route("POST", "/log/delete-all"),
    "log.delete_client": Route("POST", "/log/delete-client"),
    "log.delete_name": Route("POST", "/log/delete-name"),
    "nodes.list": Route("GET", "/nodes"),
    "nodes.drain": Route("POST", "/nodes/{name}/drain"),
    "nodes.forget": Route("DELETE", "/nodes/{name}"),
    "settings.show": Route("GET", "/settings"),
    "settings.change": Route("PATCH", "/settings"),
    "settings.preview": Route("POST", "/settings/preview"),
    "settings.reload": Route("POST", "/settings/reload"),
    "settings.schema": Route("GET", "/settings/schema"),
    "settings.revisions": Route("GET", "/settings/revisions"),
    "settings.undo": Route("POST", "/settings/revisions/{number}/undo"),
    "imports.settings": Route("POST", "/imports/{source}"),
    "imports.log": Route("POST", "/imports/{source}/log"),
    "exports.adguardhome": Route("POST", "/exports/adguardhome"),
    "backup.list": Route("GET", "/backups"),
    "backup.make": Route("POST", "/backups"),
    "backup.download": Route("GET", "/backups/{name}"),
    "backup.remove": Route("DELETE", "/backups/{name}"),
    "backup.restore": Route("POST", "/restore"),
    "backup.restore_kept": Route("POST", "/backups/{name}/restore"),
    "backup.accept": Route("POST", "/restore/accept"),
    "accounts.list": Route("GET", "/accounts"),
    "accounts.add": Route("POST", "/accounts"),
    "accounts.remove": Route("DELETE", "/accounts/{name}"),
    "accounts.set_role": Route("POST", "/accounts/{name}/role"),
    "accounts.set_password": Route("POST", "/accounts/{name}/password"),
    "accounts.sessions": Route("GET", "/accounts/{name}/sessions"),
    "accounts.end_session": Route("DELETE", "/accounts/{name}/sessions/{id}"),
    "accounts.sign_out": Route("POST", "/accounts/{name}/sign-out"),
    "accounts.second_factor_off": Route("POST", "/accounts/{name}/second-factor-off"),
    "audit.list": Route("GET", "/audit"),
    "pairing.show": Route("GET", "/pairing"),
    "pairing.offer": Route("POST", "/pairing/offer"),
    "pairing.join": Route("POST", "/pairing/join"),
    "pairing.take_over": Route("POST", "/pairing/take-over"),
    "pairing.end": Route("POST", "/pairing/end"),
    "tokens.list": Route("GET", "/tokens"),
    "tokens.add": Route("POST", "/tokens"),
    "tokens.remove": Route("DELETE", "/tokens/{token}"),
}
"""The route of each operation that commands ask for."""
