"""Every section and key that can be set, and what each means to people.

A key has its kind, its bounds, its default, and below it the text that the page and the reference
(docs/settings.md, which is made of this) show of it. The kinds themselves are in values.py,
units.py, addresses.py and records.py. Where queries come in, who is asked, what is refused, what
applies to whom, who gets copies of the log and where it is shared have files of their own:
dns_schema.py, upstream_schema.py, filtering_schema.py, groups_schema.py, clients_schema.py,
shipping_schema.py and storage_schema.py.
`Settings`, at the end, is the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from sinkhole.control.settings.addresses import (
    Endpoint,
    Network,
    client_ref,
    endpoint,
    host_name,
    network,
)
from sinkhole.control.settings.clients_schema import ClientSettings, clients_differ
from sinkhole.control.settings.devices_schema import DevicesSettings
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.control.settings.document import KeyPath
from sinkhole.control.settings.filtering_schema import FilteringSettings
from sinkhole.control.settings.groups_schema import GroupSettings, ScheduleSettings, zone_name
from sinkhole.control.settings.hosts_file import MACHINE_HOSTS_FILE
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.records import LocalRecords
from sinkhole.control.settings.references import refuse_dangling
from sinkhole.control.settings.shipping_schema import ShippingSettings
from sinkhole.control.settings.storage_schema import StorageSettings
from sinkhole.control.settings.units import (
    Duration,
    Size,
    byte_count,
    time_span,
)
from sinkhole.control.settings.upstream_schema import UpstreamSettings
from sinkhole.control.settings.values import (
    Section,
    check_pair,
    choice,
    conflict,
    flag,
    folder,
    is_elsewhere,
    names_differ,
    no_repeats,
    path_or_off,
)


class CacheSettings(Section):
    """What is remembered of the answers that upstreams gave, and for how long."""

    size: Annotated[Size, byte_count("1MiB", "4GiB")] = Size.parse("32MiB")
    """Memory for answers. When it is full, what nobody asked for lately goes first."""
    min_ttl: Annotated[Duration, time_span("0s", "1d")] = Duration.parse("0s")
    """Keep answers at least this long, and not more than max_ttl. More than a few minutes breaks
    names that move quickly."""
    max_ttl: Annotated[Duration, time_span("0s", "7d")] = Field(
        default=Duration.parse("1d"), validate_default=True
    )
    """Keep answers at most this long. 0s keeps nothing."""
    max_negative_ttl: Annotated[Duration, time_span("0s", "1d")] = Duration.parse("1h")
    """Keep "there is no such name" (RFC 2308) at most this long."""
    serve_stale: Annotated[Duration, time_span("0s", "7d")] = Duration.parse("1d")
    """While no upstream answers, use answers that expired up to this long ago (RFC 8767). 0s never
    does."""
    persist: Annotated[bool, flag()] = True
    """Keep the cache over a restart, in the data folder."""
    prefetch: Annotated[bool, flag()] = True
    """Ask again for names that are often asked for, shortly before their answers expire."""

    @field_validator("max_ttl", mode="after")
    @classmethod
    def _not_below_min_ttl(cls, max_ttl: Duration, info: ValidationInfo) -> Duration:
        min_ttl = info.data.get("min_ttl", Duration(0))
        if min_ttl > max_ttl:
            raise conflict(f"{min_ttl} is more than max_ttl, which is {max_ttl}", "min_ttl")
        return max_ttl


class LocalSettings(Section):
    """Names of the home network, which this server answers without asking anybody."""

    enabled: Annotated[bool, flag()] = True
    """Whether the records below are answered; without it, what they name is asked for like any
    other name."""
    records: LocalRecords = Field(
        default_factory=dict,
        examples=[{"nas.home": ["192.0.2.10", "2001:db8::10"], "*.nas.home": ["CNAME nas.home"]}],
    )
    """Names in your own network, each with its records; "*.name" stands for everything below a
    name. A record is an address, IPv4 or IPv6, or a type and its data as in a zone file: CNAME,
    MX, PTR, SRV, TXT, HTTPS or SVCB. Names in the data are whole names. A name with a CNAME has
    nothing else. They are answered without asking anybody and win over every list, and their
    addresses asked for backwards give the names."""
    switched_off: LocalRecords = Field(
        default_factory=dict, examples=[{"printer.home": ["192.0.2.12"]}]
    )
    """Records that are kept, but not answered, until they are moved to the ones above."""
    ttl: Annotated[Duration, time_span("0s", "7d")] = Duration.parse("60s")
    """How long clients may remember a local record."""
    hosts_file: Annotated[Path | Literal[False], path_or_off(MACHINE_HOSTS_FILE)] = False
    """Whether the names of a hosts file are answered as well: false, true for /etc/hosts, or the
    path of another file, at most 1 MiB and 10000 names. Local records win over it. Its lines
    with loopback addresses, such as 127.0.1.1, are left out: these lead every machine to
    itself."""

    @property
    def wire_records(self) -> dict[str, tuple[tuple[int, bytes], ...]]:
        """The records as (type, data on the wire), by name as in `records`."""
        return {
            name: tuple((record.rtype, record.rdata) for record in records)
            for name, records in self.records.items()
        }


LogPrivacy = Literal["full", "anonymous_clients", "no_clients", "no_names"]


class QueryLogSettings(Section):
    """One row a query, in `data_dir`; the oldest go first when either limit is reached."""

    enabled: Annotated[bool, flag()] = True
    """Whether every query is written down: when, who, what, and what became of it."""
    keep: Annotated[Duration, time_span("1h", "3650d")] = Duration.parse("90d")
    """How long queries stay in the log."""
    max_size: Annotated[Size, byte_count("1MiB", "1TiB")] = Size.parse("2GiB")
    """How big the log may grow on the disk. The oldest queries make room. The statistics are in
    the same file and take some 20 MiB a year: with hardly more than that, few queries are kept."""
    answers: Annotated[bool, flag()] = True
    """Whether the answer is written down as well: its records, and where it was refused for what
    it leads to, what the upstream had said."""
    privacy: Annotated[LogPrivacy, choice(*get_args(LogPrivacy))] = "full"
    """What is written about a query, from the moment this is set: "full"; "anonymous_clients" cuts
    addresses to the network (192.0.2.0/24, 2001:db8::/56), "no_clients" leaves the client out,
    and "no_names" name and answer as well. Statistics by client and by name are cut in the same
    way. What was written before stays until it is old, or deleted."""
    ignore_clients: Annotated[tuple[Annotated[Network | str, client_ref()], ...], no_repeats()] = (
        Field(default=(), examples=[["192.0.2.7"]])
    )
    """Clients of which no query is written down, nor shown as it happens: addresses, networks, or
    what they are called under clients."""
    ignore_names: Annotated[tuple[Annotated[str, host_name()], ...], no_repeats()] = Field(
        default=(), examples=[["example.org"]]
    )
    """Names of which none is, with all below them."""
    ignore_in_statistics: Annotated[bool, flag()] = False
    """Whether what is ignored is not counted either. Else it is, but neither by name nor by
    client."""


class StatsSettings(Section):
    """Hourly sums, kept apart from the log; small enough to outlive it by years."""

    keep: Annotated[Duration, time_span("1d", "3650d")] = Duration.parse("365d")
    """How long the hourly statistics are kept. They do not depend on the log."""
    period: Annotated[Duration, time_span("1h", "365d")] = Duration.parse("24h")
    """The time up to now that programs made for AdGuard Home are told of, such as dashboards and
    Home Assistant."""


class WebSettings(Section):
    """Where the page and its API are served, and under which names."""

    listen: Annotated[Endpoint, endpoint(8080, any_port=True)] = Endpoint("127.0.0.1", 8080)
    """Address and port of the page and its API. 127.0.0.1 is this machine only. "0.0.0.0:8080"
    shows it to the whole network."""
    hosts: tuple[Annotated[str, host_name()], ...] = Field(default=(), examples=[["dns.home"]])
    """Names under which a browser may open the page. Addresses, localhost and this machine's own
    name always work; anything else is refused, which stops DNS rebinding."""
    trusted_proxies: Annotated[tuple[Annotated[Network, network()], ...], no_repeats()] = Field(
        default=(), examples=[["192.0.2.7"]]
    )
    """Networks of the proxies in front of the page. What they say of who asks, by which name, and
    below which path is believed: X-Forwarded-For, -Proto, -Host and -Prefix, Forwarded,
    X-Ingress-Path."""
    certificate: Annotated[Path, folder()] | None = Field(
        default=None, examples=["/etc/sinkhole/page.pem"]
    )
    """The file with the certificate of the page, its chain behind it, in PEM: with it and its key
    the page is served by HTTPS. Both are read again when they change."""
    certificate_key: Annotated[Path, folder()] | None = Field(
        default=None, validate_default=True, examples=["/etc/sinkhole/page-key.pem"]
    )
    """The file with the private key of that certificate, in PEM."""

    @field_validator("certificate_key", mode="after")
    @classmethod
    def _have_a_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if "certificate" in info.data:
            check_pair(info.data["certificate"], key)
        return key


LogLevel = Literal["debug", "info", "warning", "error"]


class LogSettings(Section):
    """How much sinkhole says about itself on standard error; queries are not part of it."""

    level: Annotated[LogLevel, choice(*get_args(LogLevel))] = "info"
    """How much sinkhole reports about itself; queries are not part of it."""


class Settings(Section):
    """Everything that can be set; `Settings()` is all defaults, `load` reads the rest.

    Two are equal when every value is, whoever set it.
    """

    dns: DnsSettings = DnsSettings()
    upstream: UpstreamSettings = UpstreamSettings()
    cache: CacheSettings = CacheSettings()
    filtering: FilteringSettings = FilteringSettings()
    time_zone: Annotated[str, zone_name()] = ""
    """The time zone of the household, by which schedules and times of the day go: a name such as
    "Europe/Berlin", or "" for that of this machine."""
    schedules: Annotated[tuple[ScheduleSettings, ...], names_differ("schedule")] = Field(
        default=(),
        examples=[[{"name": "bedtime", "windows": ["sun-thu 21:00-07:00", "fri,sat 22:30-08:00"]}]],
    )
    """Hours of the week under a name, for groups and clients: while a schedule is open, something
    else can apply to them. They go by the wall clock: where it is put forward past the start of
    a window, that opens at once; what comes twice when it is put back counts the first time."""
    groups: Annotated[tuple[GroupSettings, ...], names_differ("group")] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "kids",
                    "services": ["tiktok"],
                    "safe_search": {"google": True},
                }
            ]
        ],
    )
    """Groups of clients that something of their own applies to. Later ones of these win over
    earlier ones, key by key: the household, that is all other sections; the group of a client;
    the schedules of that group that are open; the client itself; its own schedules that are
    open. Only rules add up."""
    clients: Annotated[tuple[ClientSettings, ...], names_differ("client"), clients_differ()] = (
        Field(
            default=(),
            examples=[
                [{"name": "Kids tablet", "addresses": ["192.0.2.7"], "tags": ["device_tablet"]}]
            ],
        )
    )
    """Devices that have a name. Rules can be for them, "||games.example^$client='Kids tablet'" or
    "...$ctag=device_tv", they can be in a group, and something of their own can apply to them.
    Everybody else is a client without a name, in the group default."""
    devices: DevicesSettings = DevicesSettings()
    local: LocalSettings = LocalSettings()
    query_log: QueryLogSettings = QueryLogSettings()
    shipping: ShippingSettings = ShippingSettings()
    stats: StatsSettings = StatsSettings()
    storage: StorageSettings = StorageSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    data_dir: Annotated[Path, folder()] = Path("data")
    """The folder for everything that must outlive a restart: settings made by hand, log,
    statistics, lists and cache. It is made when it is missing. A path from the root, or from
    the folder sinkhole is started in. It is set here or in the environment only, as what is
    stored lies in it."""

    @field_validator("groups", "clients", mode="after")
    @classmethod
    def _name_what_there_is(cls, items: Any, info: ValidationInfo) -> Any:
        refuse_dangling(items, info)
        return items

    @field_validator("query_log", mode="after")
    @classmethod
    def _ignores_known_clients(
        cls, query_log: QueryLogSettings, info: ValidationInfo
    ) -> QueryLogSettings:
        known = {word for each in info.data.get("clients", ()) for word in (each.name, *each.ids)}
        for number, client in enumerate(query_log.ignore_clients):
            if not isinstance(client, str) or client in known or "clients" not in info.data:
                continue
            if not is_elsewhere(info, "clients", client):
                raise conflict(
                    f"no client is called {shown(client)}: write an address, a network, or name or "
                    "id of one of the clients",
                    *("query_log", "ignore_clients", number),
                )
        return query_log

    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _item_origins: Mapping[tuple[str, str], str] = PrivateAttr(default_factory=dict)
    _secret_paths: tuple[KeyPath, ...] = PrivateAttr(default=())

    def origin_of(self, key: str, item: str | None = None) -> str:
        """Who set a key such as "upstream.timeout", or an item of a keyed collection, by its name.

        The answer is "default", "stored", "file config/sinkhole.yaml:14" or
        "environment SINKHOLE__UPSTREAM__TIMEOUT".
        """
        if item is None:
            return self._origins.get(key, "default")
        return self._item_origins.get((key, COLLECTIONS[key].id_of(item)), "default")

    @property
    def secret_paths(self) -> tuple[KeyPath, ...]:
        """Where values stand that were read from files of secrets, and are never shown."""
        return self._secret_paths

    def set_by(
        self,
        origins: Mapping[str, str],
        items: Mapping[tuple[str, str], str] | None = None,
        secret_paths: Iterable[KeyPath] = (),
        *,
        is_complete: bool = True,
    ) -> Settings:
        """The same settings, knowing who set which key, and which item of a collection by what
        identifies it; what is missing is of the default. `is_complete` says whether all that is
        stored is in them."""
        items = items or {}
        added = (
            item for (key, item), by in items.items() if (key, by) == ("filtering.lists", "stored")
        )
        secret_paths = tuple(secret_paths)
        hidden = (
            self.filtering.lists[int(path[2])].name
            for path in secret_paths
            if path[:2] == ("filtering", "lists")
        )
        filtering = self.filtering.known_by(added, hidden, is_complete=is_complete)
        known = self.model_copy(update={"filtering": filtering})
        known._origins, known._item_origins = dict(origins), dict(items)
        known._secret_paths = secret_paths
        return known

    def __eq__(self, other: object) -> bool:
        """Whether all values are the same."""
        return isinstance(other, Settings) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # holds mappings
