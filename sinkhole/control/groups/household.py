"""Who has which policy, at a moment and with the pauses there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sinkhole.control.groups.calendar import Calendar
from sinkhole.control.groups.effective import EffectivePolicy, Layer, Paused, RulesOf, effective
from sinkhole.control.settings import ClientSettings, GroupSettings, Settings
from sinkhole.control.settings.groups_schema import DEFAULT_GROUP
from sinkhole.control.settings.shipped import chosen_services
from sinkhole.control.state.pauses import Pause

_Made = dict[tuple[tuple[int, ...], Paused], EffectivePolicy]


class Policies(NamedTuple):
    """Who has which policy: groups by name, "default" among them, and clients by name.

    A client that says nothing itself, and is not paused itself, has the very policy of its group.
    `open` are the schedules that are.
    """

    groups: Mapping[str, EffectivePolicy]
    clients: Mapping[str, EffectivePolicy]
    open: frozenset[str]


class Applied(NamedTuple):
    """What applies to one client, or to a group, and why: for people.

    `layers` are all that say something, later ones over earlier ones, those for schedules as far as
    they are open. `pauses` are those that are felt, `schedules` those that it or its group goes by,
    `open` those of them that are.
    """

    group: str
    layers: tuple[Layer, ...]
    pauses: tuple[Pause, ...]
    schedules: frozenset[str]
    open: frozenset[str]
    policy: EffectivePolicy


class Household:
    """The groups, clients and schedules of some settings; what is asked of it is computed anew.

    Making one reads the data of the time zone and, where services are named, their file. Pauses
    that it is given are all in force.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.zone = ZoneInfo(settings.time_zone) if settings.time_zone else None
        self._groups = {each.name.casefold(): each for each in settings.groups}
        self._groups.setdefault(DEFAULT_GROUP, GroupSettings(name=DEFAULT_GROUP))
        self._clients = {each.name.casefold(): each for each in settings.clients}
        self._schedules = {each.name.casefold(): each.name for each in settings.schedules}
        owners: list[GroupSettings | ClientSettings] = [*self._groups.values(), *settings.clients]
        self._said = {_owner_key(each): self._all_layers(each) for each in owners}
        self._made: _Made = {}
        self.calendar = Calendar(
            {each.name: each.windows for each in settings.schedules}, self.zone
        )

    def policies(self, at_s: float, pauses: Sequence[Pause] = ()) -> Policies:
        """Who has which policy at a moment, in seconds since 1970; some 30 µs for each that says
        something itself and is not as it was when this was asked last."""
        now = self.calendar.open_at(at_s)
        felt, making = _Felt(pauses), _Making(self._settings, self._made)
        groups, clients = {}, {}
        for folded, group in self._groups.items():
            layers = self._layers(group, now)
            groups[folded] = layers, making.of(layers, felt.by(group, None))
        for client in self._clients.values():
            folded = self._group_of(client)
            layers, policy = groups[folded]
            own = self._layers(client, now)
            paused = felt.by(self._groups[folded], client)
            if own or paused.filter != policy.is_paused:
                policy = making.of([*layers, *own], paused)
            clients[client.name] = policy
        self._made = making.made
        return Policies(
            {self._groups[folded].name: policy for folded, (_, policy) in groups.items()},
            clients,
            now,
        )

    @property
    def rules(self) -> tuple[RulesOf, ...]:
        """All rules that clients and groups ever have, in the order in which they count: those of
        clients before those of groups, those for schedules before the others."""
        layers = (each for said in reversed(self._said.values()) for each in reversed(said))
        return tuple(rules for each in layers if (rules := each.rules) is not None)

    def next_edge(self, after_s: float, of: frozenset[str] | None = None) -> float | None:
        """When other schedules are open the next time, of these or of all; None where nothing
        changes by itself."""
        return self.calendar.next_edge(after_s, of)

    def group_of(self, client: str) -> str:
        """The group of a client by its name; "default" for whoever is in no other."""
        known = self._clients.get(client.casefold())
        return self._groups[self._group_of(known)].name if known else DEFAULT_GROUP

    def applied(
        self,
        at_s: float,
        pauses: Sequence[Pause] = (),
        *,
        client: str = "",
        group: str = DEFAULT_GROUP,
    ) -> Applied:
        """What applies to a client by its name, else to a group; a name that nobody has is a client
        without a name, or a member of the default group."""
        now = self.calendar.open_at(at_s)
        known = self._clients.get(client.casefold())
        folded = self._group_of(known) if known else group.casefold()
        member = self._groups.get(folded) or self._groups[DEFAULT_GROUP]
        layers, followed = self._layers(member, now), self._followed(member)
        if known is not None:
            layers = (*layers, *self._layers(known, now))
            followed |= self._followed(known)
        felt = _Felt(pauses)
        policy = effective(self._settings, layers, felt.by(member, known))
        paused = felt.pauses_of(member, known)
        return Applied(member.name, layers, paused, followed, followed & now, policy)

    def _followed(self, owner: GroupSettings | ClientSettings) -> frozenset[str]:
        """The schedules that one goes by, without those that were left out."""
        found = (self._schedules.get(each.when.casefold()) for each in owner.schedules)
        return frozenset(name for name in found if name is not None)

    def _group_of(self, client: ClientSettings) -> str:
        """Folded; of one that is left out, as it no longer fits, the members are in none."""
        folded = (client.group or DEFAULT_GROUP).casefold()
        return folded if folded in self._groups else DEFAULT_GROUP

    def _layers(
        self, owner: GroupSettings | ClientSettings, now: frozenset[str]
    ) -> tuple[Layer, ...]:
        layers = self._said[_owner_key(owner)]
        return tuple(each for each in layers if not each.when or each.when in now)

    def _all_layers(self, owner: GroupSettings | ClientSettings) -> tuple[Layer, ...]:
        """All that one ever says, in the order in which later ones win."""
        kind, _ = _owner_key(owner)
        is_namesake = kind == "client" and owner.name.casefold() in self._groups
        found = [Layer(kind, owner.name, "", owner.said, is_namesake)]
        for each in owner.schedules:
            name = self._schedules.get(each.when.casefold())
            if name is not None:  # else it is one that was left out
                found.append(Layer(kind, owner.name, name, each.said, is_namesake))
        return tuple(layer for layer in found if layer.said)


class _Making:
    """Makes policies of layers; equal questions have the very same answer."""

    def __init__(self, settings: Settings, before: _Made) -> None:
        self.made: _Made = {}
        self._settings = settings
        self._before = before

    def of(self, layers: Sequence[Layer], paused: Paused) -> EffectivePolicy:
        """What layers of the household come to; `id`s tell them apart, as they stay as they are."""
        key = tuple(map(id, layers)), paused
        policy = self.made.get(key) or self._before.get(key)
        if policy is None:
            policy = effective(self._settings, layers, paused)
        self.made[key] = policy
        return policy


class _Felt:
    """Pauses by what they are for."""

    def __init__(self, pauses: Iterable[Pause]) -> None:
        self._pauses = tuple(pauses)
        self._by_key = {each.key for each in self._pauses}
        services = [each.name for each in self._pauses if each.scope == "service"]
        self._services = (
            frozenset(each.id for each in chosen_services(services)) if services else frozenset()
        )
        self._lists = frozenset(
            each.name.casefold() for each in self._pauses if each.scope == "list"
        )

    def by(self, group: GroupSettings, client: ClientSettings | None) -> Paused:
        """What the pauses come to for a client, or for whoever is in a group."""
        return Paused(
            not self._by_key.isdisjoint(_keys(group, client)), self._services, self._lists
        )

    def pauses_of(self, group: GroupSettings, client: ClientSettings | None) -> tuple[Pause, ...]:
        """Those that a client feels."""
        keys = set(_keys(group, client))
        everybody = ("service", "list")
        return tuple(p for p in self._pauses if p.key in keys or p.scope in everybody)


def _owner_key(owner: GroupSettings | ClientSettings) -> tuple[str, str]:
    return "client" if isinstance(owner, ClientSettings) else "group", owner.name


def _keys(group: GroupSettings, client: ClientSettings | None) -> Iterator[tuple[str, str]]:
    yield "all", ""
    yield "group", group.name.casefold()
    if client is not None:
        yield "client", client.name.casefold()
