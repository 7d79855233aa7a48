"""Every address below /control, what it needs, and who answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from typing import Any, Final, NamedTuple

from aiohttp import web
from pydantic import ValidationError

from sinkhole.control.operations.house import House
from sinkhole.control.operations.misfits import lines_of
from sinkhole.control.web.adguard import (
    access,
    check_host,
    clients,
    dns,
    filtering,
    general,
    log_settings,
    query_log,
    rewrites,
    services,
    signing_in,
    statistics,
    switches,
    tls,
)
from sinkhole.control.web.adguard.answers import respond
from sinkhole.control.web.adguard.asked import (
    LARGE_BODY_BYTES,
    Asked,
    Overtaken,
    bad_request,
    refused_as_there,
)
from sinkhole.control.web.connections import while_connected
from sinkhole.control.web.gate import actor_of
from sinkhole.control.web.locations import Handler, Location, Method, Needs
from sinkhole.control.web.profiles import Profiles
from sinkhole.control.web.refusals import CONTROL, MOST_BODY_BYTES
from sinkhole.model.actor import Permission
from sinkhole.model.errors import RequestError, SettingsError

MOST_TRIES: Final = 100
"""Of a change that others are always quicker than."""

Answer = Callable[[Asked], Awaitable[Any]]
_P = Permission


class Path(NamedTuple):
    """An address: what it needs, and who answers. Operations check again, by what they change."""

    method: Method
    name: str
    needs: Permission | Needs
    answer: Answer
    most_bytes: int = MOST_BODY_BYTES


PATHS: Final = (
    Path("GET", "status", _P.STATUS_READ, general.status),
    Path("POST", "protection", _P.PROTECTION_WRITE, general.protection),
    Path("GET", "version.json", _P.STATUS_READ, general.version),
    Path("POST", "version.json", _P.STATUS_READ, general.version),
    Path("POST", "update", _P.SETTINGS_WRITE, general.update),
    Path("GET", "profile", Needs.SOMEBODY, general.profile),
    Path("PUT", "profile/update", Needs.SOMEBODY, general.change_profile),
    Path("GET", "i18n/current_language", Needs.SOMEBODY, general.language),
    Path("POST", "i18n/change_language", Needs.SOMEBODY, general.change_language),
    Path("GET", "install/get_addresses", Needs.SOMEBODY, general.install),
    Path("POST", "install/check_config", Needs.SOMEBODY, general.install),
    Path("POST", "install/configure", Needs.SOMEBODY, general.install),
    Path("GET", "dhcp/status", _P.STATUS_READ, general.dhcp_status),
    Path("GET", "dhcp/interfaces", _P.STATUS_READ, general.dhcp_interfaces),
    Path("POST", "dhcp/set_config", _P.SETTINGS_WRITE, general.change_dhcp),
    Path("POST", "dhcp/find_active_dhcp", _P.SETTINGS_WRITE, general.find_dhcp),
    Path("POST", "dhcp/add_static_lease", _P.SETTINGS_WRITE, general.no_lease),
    Path("POST", "dhcp/remove_static_lease", _P.SETTINGS_WRITE, general.no_lease),
    Path("POST", "dhcp/update_static_lease", _P.SETTINGS_WRITE, general.no_lease),
    Path("POST", "dhcp/reset", _P.SETTINGS_WRITE, general.nothing_to_reset),
    Path("POST", "dhcp/reset_leases", _P.SETTINGS_WRITE, general.nothing_to_reset),
    Path("GET", "logout", Needs.SOMEBODY, signing_in.logout),
    Path("POST", "login", Needs.NOTHING, signing_in.login),
    Path("GET", "dns_info", _P.SETTINGS_READ, dns.info),
    Path("POST", "dns_config", _P.PROTECTION_WRITE, dns.configure),
    Path("POST", "cache_clear", _P.CACHE_WRITE, dns.clear_cache),
    Path("POST", "test_upstream_dns", _P.SETTINGS_WRITE, dns.test_upstreams),
    Path("GET", "filtering/status", _P.LISTS_READ, filtering.status),
    Path("POST", "filtering/config", _P.LISTS_WRITE, filtering.configure),
    Path("POST", "filtering/add_url", _P.LISTS_WRITE, filtering.add_list),
    Path("POST", "filtering/remove_url", _P.LISTS_WRITE, filtering.remove_list),
    Path("POST", "filtering/set_url", _P.LISTS_WRITE, filtering.change_list),
    Path("POST", "filtering/refresh", _P.LISTS_WRITE, filtering.refresh),
    Path("POST", "filtering/set_rules", _P.RULES_WRITE, filtering.set_rules, LARGE_BODY_BYTES),
    Path("GET", "filtering/check_host", _P.LOG_READ, check_host.check),
    Path("GET", "safebrowsing/status", _P.LISTS_READ, switches.of_malware.status),
    Path("POST", "safebrowsing/enable", _P.RULES_WRITE, switches.of_malware.enable),
    Path("POST", "safebrowsing/disable", _P.RULES_WRITE, switches.of_malware.disable),
    Path("GET", "parental/status", _P.LISTS_READ, switches.of_adult.status),
    Path("POST", "parental/enable", _P.RULES_WRITE, switches.of_adult.enable),
    Path("POST", "parental/disable", _P.RULES_WRITE, switches.of_adult.disable),
    Path("GET", "safesearch/status", _P.LISTS_READ, switches.safe_search),
    Path("PUT", "safesearch/settings", _P.RULES_WRITE, switches.change_safe_search),
    Path("POST", "safesearch/enable", _P.RULES_WRITE, switches.enable_safe_search),
    Path("POST", "safesearch/disable", _P.RULES_WRITE, switches.disable_safe_search),
    Path("GET", "clients", _P.SETTINGS_READ, clients.show_all),
    Path("POST", "clients/add", _P.SETTINGS_WRITE, clients.add),
    Path("POST", "clients/update", _P.SETTINGS_WRITE, clients.update),
    Path("POST", "clients/delete", _P.SETTINGS_WRITE, clients.delete),
    Path("POST", "clients/search", _P.SETTINGS_READ, clients.search),
    Path("GET", "clients/find", _P.SETTINGS_READ, clients.find),
    Path("GET", "access/list", _P.SETTINGS_READ, access.show),
    Path("POST", "access/set", _P.SETTINGS_WRITE, access.change, LARGE_BODY_BYTES),
    Path("GET", "blocked_services/services", _P.LISTS_READ, services.ids),
    Path("GET", "blocked_services/all", _P.LISTS_READ, services.show_all),
    Path("GET", "blocked_services/list", _P.LISTS_READ, services.blocked),
    Path("GET", "blocked_services/get", _P.LISTS_READ, services.show),
    Path("POST", "blocked_services/set", _P.RULES_WRITE, services.set_blocked),
    Path("PUT", "blocked_services/update", _P.RULES_WRITE, services.update),
    Path("GET", "rewrite/list", _P.SETTINGS_READ, rewrites.show),
    Path("POST", "rewrite/add", _P.SETTINGS_WRITE, rewrites.add),
    Path("POST", "rewrite/delete", _P.SETTINGS_WRITE, rewrites.delete),
    Path("PUT", "rewrite/update", _P.SETTINGS_WRITE, rewrites.update),
    Path("GET", "rewrite/settings", _P.SETTINGS_READ, rewrites.settings),
    Path("PUT", "rewrite/settings/update", _P.SETTINGS_WRITE, rewrites.change_settings),
    Path("GET", "querylog", _P.LOG_READ, query_log.page),
    Path("POST", "querylog_clear", _P.LOG_WRITE, query_log.clear),
    Path("GET", "querylog/config", _P.SETTINGS_READ, log_settings.show),
    Path("PUT", "querylog/config/update", _P.SETTINGS_WRITE, log_settings.change),
    Path("GET", "querylog_info", _P.SETTINGS_READ, log_settings.show_in_days),
    Path("POST", "querylog_config", _P.SETTINGS_WRITE, log_settings.change_in_days),
    Path("GET", "stats", _P.STATS_READ, statistics.show),
    Path("POST", "stats_reset", _P.LOG_WRITE, statistics.reset),
    Path("GET", "stats/config", _P.SETTINGS_READ, log_settings.show_statistics),
    Path("PUT", "stats/config/update", _P.SETTINGS_WRITE, log_settings.change_statistics),
    Path("GET", "stats_info", _P.SETTINGS_READ, log_settings.show_statistics_in_days),
    Path("POST", "stats_config", _P.SETTINGS_WRITE, log_settings.change_statistics_in_days),
    Path("GET", "tls/status", _P.SETTINGS_READ, tls.status),
    Path("POST", "tls/validate", _P.SETTINGS_WRITE, tls.validate),
    Path("POST", "tls/configure", _P.SETTINGS_WRITE, tls.configure),
)
"""All there are."""

_PROFILES: Final = (("/apple/doh.mobileconfig", "https"), ("/apple/dot.mobileconfig", "tls"))


class Control:
    """These addresses over a house."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._overtaken = asyncio.Lock()

    def locations(self) -> Iterator[Location]:
        """Everything below /control, and the profiles beside it."""
        for path in PATHS:
            yield Location(path.method, CONTROL + path.name, path.needs, self._handler(path))
        profiles = Profiles(self._house)
        for address, protocol in _PROFILES:
            yield Location("GET", address, Needs.LINK, profiles.as_there(protocol))

    def _handler(self, path: Path) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            """Answer in the form of that server."""
            actor = actor_of(request) if path.needs is not Needs.NOTHING else signing_in.NOBODY
            asked = Asked(self._house, actor, request, path.most_bytes)
            try:
                with while_connected(request) if path.method == "GET" else nullcontext():
                    return await respond(request, await self._answer(path, asked))
            except (RequestError, SettingsError) as error:
                raise refused_as_there(error) from error
            except ValidationError as error:  # what an operation does not take
                raise bad_request("; ".join(lines_of(error))) from error

        return handle

    async def _answer(self, path: Path, asked: Asked) -> Any:
        """What a path answers; anew where the settings were changed meanwhile, and whom that befell
        one after another, so that they don't overtake each other again."""
        try:
            return await path.answer(asked)
        except Overtaken as overtaken:
            error = overtaken.error
        async with self._overtaken:
            for _ in range(MOST_TRIES):
                asked.again()
                try:
                    return await path.answer(asked)
                except Overtaken as overtaken:
                    error = overtaken.error
        raise error
