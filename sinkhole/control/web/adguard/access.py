"""Who may ask. There, no list of those allowed means everybody; here it means the networks of a
home, which are the default of ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import Field

from sinkhole.control.settings.addresses import HOME, Network, parse_network
from sinkhole.control.settings.in_force import Change
from sinkhole.control.web.adguard.answers import NOTHING, Nothing
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request, forgotten

ALLOW: Final = "dns.allow"
DENY: Final = "dns.deny"

REFUSED_HOSTS: Final = ("version.bind", "id.server", "hostname.bind")
"""What that server does not answer out of the box; here nobody gets an answer of that class."""


class _Access(Body):
    allowed_clients: list[str] = Field(default=[])
    disallowed_clients: list[str] = Field(default=[])
    blocked_hosts: list[str] = Field(default=[])


async def show(asked: Asked) -> dict[str, Any]:
    """GET access/list: null for none, as there before somebody changes it."""
    dns = asked.settings.dns
    return {
        "allowed_clients": None if dns.allow == HOME else network_texts(dns.allow),
        "disallowed_clients": network_texts(dns.deny) or None,
        "blocked_hosts": list(REFUSED_HOSTS),
    }


async def change(asked: Asked) -> Nothing:
    """POST access/set: all of it."""
    given, dns = await asked.body(_Access), asked.settings.dns
    allow = _networks(given.allowed_clients, "allowed")
    deny = _networks(given.disallowed_clients, "disallowed")
    if both := [each for each in allow if each in deny]:
        told = " ".join(network_texts(both))
        raise bad_request(f"items in allowed and disallowed clients intersect: [{told}]")
    _refuse_twice(given.blocked_hosts, "blocked hosts")
    if set(given.blocked_hosts) - set(REFUSED_HOSTS):
        raise bad_request(
            "sinkhole has no list of names that are not answered at all: "
            "block them by a rule, such as ||example.org^"
        )
    changes = []
    if (allow or list(HOME)) != list(dns.allow):
        wanted = Change(ALLOW, value=network_texts(allow))
        changes.append(wanted if allow else forgotten(asked.settings, ALLOW))
    if deny != list(dns.deny):
        changes.append(Change(DENY, value=network_texts(deny)))
    await asked.change("settings.change", changes, "who may ask")
    return NOTHING


def network_texts(networks: Iterable[Network]) -> list[str]:
    """Networks as texts, single addresses without their length."""
    return [network_text(each) for each in networks]


def network_text(network: Network) -> str:
    """A network as text, a single address without its length."""
    is_one = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if is_one else str(network)


def _networks(texts: Sequence[str], which: str) -> list[Network]:
    _refuse_twice(texts, f"{which} clients")
    found = []
    for text in texts:
        try:
            found.append(parse_network(text.strip()))
        except ValueError as error:
            raise bad_request(
                f"{which} clients: {error}; the id that a client gives itself is no secret, so "
                "it lets nobody in and keeps nobody out here"
            ) from None
    _refuse_twice(network_texts(found), f"{which} clients")
    return found


def _refuse_twice(texts: Sequence[str], what: str) -> None:
    if twice := [each for each in dict.fromkeys(texts) if texts.count(each) > 1]:
        raise bad_request(f"validating {what}: duplicated values: [{' '.join(twice)[:200]}]")
