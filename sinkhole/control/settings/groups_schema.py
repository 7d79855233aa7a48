"""What applies to whom, and when: groups of clients, and the windows of schedules.

Whatever may differ between clients is a field of `PolicyFields`: a group says it for its members,
a client for itself, and an entry of `schedules` of either while its schedule is open. Left out, it
is as the next layer down says, and below all of them as the household has it. Who wins is told in
control/groups, and only there.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Final, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ValidationInfo

from sinkhole.control.settings.addresses import address
from sinkhole.control.settings.filtering_schema import (
    BlockingMode,
    Categories,
    RefusedTypes,
    YoutubeLevel,
)
from sinkhole.control.settings.quoting import nearest, quoted, shown
from sinkhole.control.settings.shipped import ServiceChoice
from sinkhole.control.settings.units import Duration, time_span_by_mode
from sinkhole.control.settings.upstream_values import (
    SubnetTold,
    parse_client_subnet,
    parse_set_name,
)
from sinkhole.control.settings.values import (
    Kind,
    Section,
    choice,
    conflict,
    flag,
    no_repeats,
    not_empty,
    read_text,
    text,
    whole_number,
)
from sinkhole.control.settings.windows import Window, window

DEFAULT_GROUP: Final = "default"
"""The group of whoever is in no other, whether it is written or not."""

ALL_LISTS: Final = "all"

GroupPrivacy = Literal["full", "no_names", "nothing"]

_MODES: Final[tuple[str, ...]] = get_args(BlockingMode)
_TEXT: Final = {"type": "string", "minLength": 1}


# ---- kinds of values ---------------------------------------------------------------------------


def _read_lists(value: Any) -> str | tuple[str, ...]:
    """ALL_LISTS, or the names of lists; which there are is looked at beside them."""
    if value == ALL_LISTS:
        return ALL_LISTS
    if not isinstance(value, (list, tuple)):
        raise ValueError(f'{shown(value)} does not fit, write "{ALL_LISTS}" or a list of names')
    names = tuple(read_text(each, 100) for each in value)
    folded = [name.casefold() for name in names]
    for position, name in enumerate(names):
        if folded[position] in folded[:position]:
            raise ValueError(f"{shown(name)} is listed twice")
    return names


def read_time_zone(value: Any) -> str:
    """The name of a time zone that this machine knows, "" for the machine's own."""
    if value == "":
        return ""
    name = read_text(value, 100)
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # no name, one of a folder, one that leads outside
        pass
    known = available_timezones()
    if not known:
        raise ValueError(
            f"{shown(name)} cannot be looked up, this machine knows no time zones: install tzdata"
        )
    near = nearest(name, known) or next((z for z in known if z.lower() == name.lower()), "")
    hint = f"did you mean {quoted(near)}?" if near else 'write one such as "Europe/Berlin"'
    raise ValueError(f"{shown(name)} is no time zone, {hint}")


def _read_set(value: Any) -> str:
    return parse_set_name(value)


def _read_group_name(value: Any) -> str:
    """A name of a group; that of the default one in the one spelling it has."""
    name = read_text(value, 100)
    return DEFAULT_GROUP if name.casefold() == DEFAULT_GROUP else name


_LISTS: Final = Kind(
    _read_lists,
    accepts={"anyOf": [{"const": ALL_LISTS}, {"type": "array", "items": _TEXT}]},
)
_GROUP: Final = Kind(_read_group_name, accepts={**_TEXT, "maxLength": 100})

GroupName = Annotated[str, _GROUP]

Switch = Annotated[bool, flag()] | None
"""True, false, or nothing said."""


# ---- what may differ between clients -----------------------------------------------------------


class SafeSearchChoice(Section):
    """Of which search engines the results are made safe; what is left out is as below."""

    bing: Switch = None
    """As filtering.safe_search.bing."""
    brave: Switch = None
    """As filtering.safe_search.brave."""
    duckduckgo: Switch = None
    """As filtering.safe_search.duckduckgo."""
    ecosia: Switch = None
    """As filtering.safe_search.ecosia."""
    google: Switch = None
    """As filtering.safe_search.google."""
    pixabay: Switch = None
    """As filtering.safe_search.pixabay."""
    yandex: Switch = None
    """As filtering.safe_search.yandex."""
    youtube: Annotated[YoutubeLevel, choice(*get_args(YoutubeLevel), for_false="off")] | None = None
    """As filtering.safe_search.youtube."""


class BuiltinChoice(Section):
    """Of what the filter does by itself; what is left out is as below."""

    doh_canary: Switch = None
    """As filtering.builtin.doh_canary."""
    private_relay: Switch = None
    """As filtering.builtin.private_relay."""
    discovery: Switch = None
    """As filtering.builtin.discovery."""
    rebinding: Switch = None
    """As filtering.builtin.rebinding."""


class BlockingChoice(Section):
    """How refused names are answered; what is left out is as below."""

    mode: Annotated[BlockingMode, choice(*_MODES)] | None = None
    """As filtering.blocking.mode."""
    ttl: Annotated[Duration | dict[str, Duration], time_span_by_mode(_MODES, "0s", "1d")] | None = (
        None
    )
    """As filtering.blocking.ttl."""
    custom_ipv4: Annotated[IPv4Address, address(4)] | None = None
    """As filtering.blocking.custom_ipv4."""
    custom_ipv6: Annotated[IPv6Address, address(6)] | None = None
    """As filtering.blocking.custom_ipv6."""


class PolicyFields(Section):
    """All that may differ between clients. What is left out is as it is without."""

    filtering: Switch = None
    """False: nothing is refused."""
    lists: Annotated[Literal["all"] | tuple[str, ...], _LISTS] | None = None
    """"all", or the names of the lists that are asked."""
    rules: tuple[Annotated[str, text(64 * 1024)], ...] | None = None
    """Rules beside the own rules of the household; those of group, schedule and client add up."""
    services: ServiceChoice | None = None
    """Services to block, as filtering.services, in place of those."""
    categories: Categories | None = None
    """Kinds of names to block as a whole, by lists of the catalogue that are fetched for it."""
    safe_search: SafeSearchChoice | None = None
    """Search engines as in filtering.safe_search, as far as they are named."""
    builtin: BuiltinChoice | None = None
    """doh_canary, private_relay, discovery and rebinding as in filtering.builtin, as far as they
    are named."""
    blocking: BlockingChoice | None = None
    """mode, ttl, custom_ipv4 and custom_ipv6 as in filtering.blocking, as far as they are named."""
    allow_only: Switch = None
    """True: everything is refused but what an allow list or a rule allows."""
    refuse_types: RefusedTypes | None = None
    """Record types that are answered with nothing, such as AAAA; addresses of such a type are
    taken out of HTTPS and SVCB records."""
    upstream: Annotated[str, Kind(_read_set, accepts=_TEXT)] | None = None
    """Who is asked: a set of upstream.sets, or default. Routes still win."""
    client_subnet: Annotated[SubnetTold, Kind(parse_client_subnet, accepts=_TEXT)] | None = None
    """What upstreams are told of where a client is, as upstream.client_subnet."""
    rate_limit: Annotated[int, whole_number(0, 1_000_000)] | None = None
    """Queries a second for each client, as dns.rate_limit."""
    privacy: Annotated[GroupPrivacy, choice(*get_args(GroupPrivacy))] | None = None
    """What is written of queries, in place of query_log.privacy: "no_names" leaves out
    name and answer, "nothing" the client as well."""
    log: Switch = None
    """Whether queries are in the log at all, while there is one."""
    statistics: Switch = None
    """Whether queries are counted by name and client."""

    @property
    def said(self) -> Mapping[str, Any]:
        """The fields that say something, by name."""
        return {
            name: value
            for name in PolicyFields.model_fields
            if (value := getattr(self, name)) is not None
        }


class _While(Section):
    """In front of what a schedule changes: which one."""

    when: Annotated[str, text(100)]
    """The name of a schedule."""


class ScheduledSettings(PolicyFields, _While):
    """What is different while a schedule is open."""


def _each_once(
    entries: tuple[ScheduledSettings, ...], info: ValidationInfo
) -> tuple[ScheduledSettings, ...]:
    known: set[str] = set()
    for position, each in enumerate(entries):
        if each.when.casefold() in known:
            message = f"{shown(each.when)} has an entry already, write all of it there"
            raise conflict(message, info.field_name, position, "when")
        known.add(each.when.casefold())
    return entries


Scheduled = Annotated[tuple[ScheduledSettings, ...], AfterValidator(_each_once)]


# ---- groups and schedules ----------------------------------------------------------------------


class _Grouped(Section):
    """In front of what a group says: who it is."""

    name: GroupName
    """What clients, pauses and the log call it; "default" is everybody who is in no other."""


class GroupSettings(PolicyFields, _Grouped):
    """A group of clients, and what applies to them."""

    schedules: Scheduled = ()
    """What is different while schedules are open: "when" names one, any of the above stands beside
    it, as in {when: bedtime, allow_only: true}. Of several that are open, a later one wins."""


class ScheduleSettings(Section):
    """A name for hours of the week."""

    name: Annotated[str, text(100)]
    """What groups and clients call it."""
    windows: Annotated[
        tuple[Annotated[Window, window()], ...],
        not_empty('it would never be open, write for instance ["mon-thu 21:00-07:00"]'),
        no_repeats(),
    ]
    """When it is open: days, and from when to when, "mon-thu 21:00-07:00", "sat,sun 9:00-12:30",
    "daily 12:00-13:00". An end that is not later than the start is one of the next day; 24:00
    is the end of the day."""


def zone_name() -> Kind:
    """A time zone of the IANA's database, "" for the machine's."""
    return Kind(read_time_zone, accepts={"type": "string"})
