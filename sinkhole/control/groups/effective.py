"""What applies to a client now, as final values; and how layers of settings come to that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sinkhole.control.settings import (
    BlockingSettings,
    BuiltinSettings,
    SafeSearchSettings,
    Settings,
)
from sinkhole.control.settings.groups_schema import ALL_LISTS
from sinkhole.control.settings.shipped import chosen_services
from sinkhole.control.settings.upstream_schema import USUAL_SERVERS
from sinkhole.control.settings.upstream_values import SubnetTold
from sinkhole.control.settings.values import Section
from sinkhole.dns.wire.numbers import type_number


class Layer(NamedTuple):
    """What one says, by the names of fields: a group or a client; `when` is the schedule that it is
    for, else "". `is_namesake` is whether it is a client that has the name of a group."""

    kind: str
    owner: str
    when: str
    said: Mapping[str, Any]
    is_namesake: bool = False

    @property
    def rules_name(self) -> str:
        """What the log calls its rules: those of a group and of a client that has its name are
        not the same."""
        whose = f"{self.kind} {self.owner}" if self.is_namesake else self.owner
        return f"rules of {whose}" + (f", {self.when}" if self.when else "")

    @property
    def rules(self) -> RulesOf | None:
        """Its rules, if it has any."""
        texts = tuple(self.said.get("rules", ()))
        return RulesOf(self.rules_name, texts) if texts else None


class RulesOf(NamedTuple):
    """Rules that somebody has beside the own rules of the household; `name` is what the log says of
    them, such as "rules of kids"."""

    name: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """The values of all that may differ between clients, for some of them, now.

    Equal ones are of one class: nothing tells who has the one from who has the other.
    """

    filtering: bool
    """Whether anything is refused."""
    is_paused: bool
    """Whether only canaries have a say, for as long as a pause lasts."""
    lists: tuple[str, ...] | None
    """The lists that are asked, by the names they have in the settings; None for all there are."""
    paused_lists: tuple[str, ...]
    """Those that are not, for as long as their pauses last."""
    rules: tuple[RulesOf, ...]
    """What is asked beside the own rules of the household, which everybody has."""
    services: tuple[str, ...]
    """Ids of services, in the order of their file, without those that are paused."""
    categories: tuple[str, ...]
    safe_search: SafeSearchSettings
    builtin: BuiltinSettings
    blocking: BlockingSettings
    """With the TTL of its mode."""
    allow_only: bool
    refuse_types: tuple[int, ...]
    upstream: str
    """A set of upstreams, or "default"."""
    client_subnet: SubnetTold | None
    """None: as each set of upstreams has it."""
    rate_limit: int
    privacy: str
    """As query_log.privacy, or "nothing"."""
    log: bool
    statistics: bool


class Paused(NamedTuple):
    """What pauses come to for some client: the filter, services by their ids, lists by name."""

    filter: bool = False
    services: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()


NOTHING_PAUSED: Final = Paused()

_INSIDE: Final = ("safe_search", "builtin", "blocking")
"""The fields whose keys are replaced one by one."""


def effective(
    settings: Settings, layers: Sequence[Layer], paused: Paused = NOTHING_PAUSED
) -> EffectivePolicy:
    """What layers come to, later ones over earlier ones, and all of them over the household."""
    values = _household_values(settings)
    rules: list[RulesOf] = []
    for layer in layers:
        said = dict(layer.said)
        said.pop("rules", None)
        if (its_rules := layer.rules) is not None:
            rules.append(its_rules)
        for key in _INSIDE:
            if key in said:
                said[key] = values[key].model_copy(update=_keys_of(said[key]))
        values |= said
    values["lists"] = _lists(settings, values["lists"])
    values["services"] = _services(tuple(values["services"]), paused.services)
    values["categories"] = tuple(sorted(values["categories"]))
    values["refuse_types"] = tuple(sorted(set(map(type_number, values["refuse_types"]))))
    values["blocking"] = _blocking(values["blocking"])
    values |= {key: _one(values[key]) for key in _INSIDE}
    return EffectivePolicy(
        is_paused=paused.filter,
        paused_lists=_known_lists(settings, paused.lists),
        rules=tuple(rules),
        **values,
    )


def _household_values(settings: Settings) -> dict[str, Any]:
    """What applies where nobody says anything."""
    filtering = settings.filtering
    return {
        "filtering": filtering.enabled,
        "lists": ALL_LISTS,
        "services": filtering.services,
        "categories": filtering.categories,
        "safe_search": filtering.safe_search,
        "builtin": filtering.builtin,
        "blocking": filtering.blocking,
        "allow_only": False,
        "refuse_types": filtering.refuse_types,
        "upstream": USUAL_SERVERS,
        "client_subnet": None,
        "rate_limit": settings.dns.rate_limit,
        "privacy": settings.query_log.privacy,
        "log": True,
        "statistics": True,
    }


def _keys_of(said: Section) -> Mapping[str, Any]:
    return {key: value for key, value in said if value is not None}


def _lists(settings: Settings, chosen: Any) -> tuple[str, ...] | None:
    return None if chosen == ALL_LISTS else _known_lists(settings, chosen)


def _known_lists(settings: Settings, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the lists that have one of these names, in their order and spelling."""
    wanted = {name.casefold() for name in names}
    lists = settings.filtering.lists if wanted else ()
    return tuple(each.name for each in lists if each.name.casefold() in wanted)


@lru_cache(maxsize=256)
def _services(chosen: tuple[str, ...], without: frozenset[str]) -> tuple[str, ...]:
    if not chosen:
        return ()  # or who names none would have the file of them all in memory
    return tuple(each.id for each in chosen_services(chosen) if each.id not in without)


def _blocking(blocking: BlockingSettings) -> BlockingSettings:
    return blocking.model_copy(update={"ttl": blocking.ttl_in_force})


@lru_cache(maxsize=256)
def _one(section: Section) -> Section:
    """The one of equal sections that all have who say the same, so that each costs memory once."""
    return section
