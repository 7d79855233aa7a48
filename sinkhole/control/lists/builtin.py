"""What the filter does by itself: services, safe search and canaries as lists of rules.

Each list holds rules as a person would write them, so they match, are logged and are explained
as any other rule. They count only where the lists of the user say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sinkhole.control.settings import BuiltinSettings, SafeSearchSettings, Settings
from sinkhole.control.settings.shipped import BlockableService, chosen_services, known_engines
from sinkhole.dns.filter.trie import CompiledList

SERVICES = "services"
SAFE_SEARCH = "safe search"
BUILT_IN = "built-in"

DOH_CANARY = ("use-application-dns.net",)
"""Firefox leaves DNS to this server when the name does not exist."""

PRIVATE_RELAY = ("mask.icloud.com", "mask-h2.icloud.com")
"""The names Apple asks networks to deny that do not want iCloud Private Relay."""


class BuiltinRule(NamedTuple):
    """A rule, and whom it is for: the service, the search engine or the feature."""

    text: str
    owner: str

    @property
    def explanation(self) -> str:
        """What the log shows as the rule: "TikTok: ||tiktok.com^"."""
        return f"{self.owner}: {self.text}"


class BuiltinList(NamedTuple):
    """One list: `name` is what the log calls it."""

    name: str
    rules: tuple[BuiltinRule, ...]


class BuiltinWanted(NamedTuple):
    """What is wanted of all this, by some clients: ids of services or groups of them, and switches
    as the settings have them."""

    services: tuple[str, ...]
    safe_search: SafeSearchSettings
    features: BuiltinSettings

    @classmethod
    def of(cls, settings: Settings) -> BuiltinWanted:
        """What the household wants."""
        filtering = settings.filtering
        return cls(tuple(filtering.services), filtering.safe_search, filtering.builtin)


def builtin_lists(choice: BuiltinWanted) -> tuple[BuiltinList, ...]:
    """The lists that are asked for; one without rules is left out.

    Reads the data files of services and safe search if they are wanted: 8 and 1 ms. Raises
    SettingsError if such a file is missing or damaged.
    """
    services = chosen_services(choice.services) if choice.services else []
    lists = (
        BuiltinList(SERVICES, tuple(_block(services))),
        BuiltinList(SAFE_SEARCH, tuple(_force(choice.safe_search, services))),
        BuiltinList(BUILT_IN, tuple(_deny(choice.features))),
    )
    return tuple(each for each in lists if each.rules)


def compiled(each: BuiltinList) -> CompiledList:
    """One of them compiled; the log shows whom each rule is for."""
    return CompiledList.from_rules(
        each.name,
        "block",
        [rule.text for rule in each.rules],
        [rule.explanation for rule in each.rules],
    )


def _block(services: list[BlockableService]) -> Iterator[BuiltinRule]:
    """A domain that several services have is said once, for the first of them."""
    owners: dict[str, str] = {}
    for service in services:
        for domain in service.domains:
            owners.setdefault(domain, service.name)
    return (BuiltinRule(f"||{domain}^", owner) for domain, owner in owners.items())


def _force(
    safe_search: SafeSearchSettings, services: list[BlockableService]
) -> Iterator[BuiltinRule]:
    """A CNAME for each host, except of blocked services: a rewrite would win over the block."""
    levels = {
        engine: value if isinstance(value, str) else "strict" if value else "off"
        for engine, value in safe_search
    }
    if set(levels.values()) == {"off"}:
        return
    blocked = tuple(f".{domain}" for service in services for domain in service.domains)
    for engine, known in known_engines().items():
        if (level := levels[engine]) == "off":
            continue
        target = known["strict"] if level == "strict" else known["moderate"]
        for host in known["hosts"]:
            if not f".{host}".endswith(blocked):
                rule = f"|{host}^$dnsrewrite=NOERROR;CNAME;{target}"
                yield BuiltinRule(rule, known["name"])


def _deny(features: BuiltinSettings) -> Iterator[BuiltinRule]:
    canaries = (
        (features.doh_canary, DOH_CANARY, "Firefox canary"),
        (features.private_relay, PRIVATE_RELAY, "iCloud Private Relay"),
    )
    for is_on, hosts, owner in canaries:
        for host in hosts if is_on else ():
            yield BuiltinRule(f"|{host}^$dnsrewrite=NXDOMAIN", owner)
