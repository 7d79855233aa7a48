"""Every section and key that can be set, in the order of config/sinkhole.yaml.

config/sinkhole.yaml says what each key means to people. Here are its kind, its bounds and its
default; the kinds themselves are in values.py, units.py, addresses.py and records.py. Who asks and
who is asked have files of their own, dns_schema.py and upstream_schema.py. `Settings`, at the end,
is the whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from sinkhole.control.settings.addresses import (
    Endpoint,
    Network,
    address,
    client_ref,
    endpoint,
    host_name,
    network,
)
from sinkhole.control.settings.dns_schema import ClientSettings, DnsSettings, clients_differ
from sinkhole.control.settings.document import KeyPath
from sinkhole.control.settings.hosts_file import MACHINE_HOSTS_FILE
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.records import LocalRecords
from sinkhole.control.settings.shipped import ServiceChoice
from sinkhole.control.settings.units import (
    Duration,
    Size,
    byte_count,
    time_span,
    time_span_by_mode,
)
from sinkhole.control.settings.upstream_schema import UpstreamSettings
from sinkhole.control.settings.values import (
    Section,
    choice,
    conflict,
    flag,
    folder,
    list_url,
    names_differ,
    no_repeats,
    not_taken,
    path_or_off,
    text,
    whole_number,
)


class CacheSettings(Section):
    """What is remembered of the answers that upstreams gave, and for how long."""

    size: Annotated[Size, byte_count("1MiB", "4GiB")] = Size.parse("32MiB")
    min_ttl: Annotated[Duration, time_span("0s", "1d")] = Duration.parse("0s")
    """Answers are kept at least this long, even where their own TTL is shorter."""
    max_ttl: Annotated[Duration, time_span("0s", "7d")] = Field(
        default=Duration.parse("1d"), validate_default=True
    )
    max_negative_ttl: Annotated[Duration, time_span("0s", "1d")] = Duration.parse("1h")
    """The same limit for "there is no such name" (RFC 2308)."""
    serve_stale: Annotated[Duration, time_span("0s", "7d")] = Duration.parse("1d")
    """How long expired answers may stand in while no upstream answers (RFC 8767); 0 is off."""
    persist: Annotated[bool, flag()] = True
    """Keep the cache over a restart, in `data_dir`."""
    prefetch: Annotated[bool, flag()] = True
    """Ask again for popular names shortly before their answers expire."""

    @field_validator("max_ttl", mode="after")
    @classmethod
    def _not_below_min_ttl(cls, max_ttl: Duration, info: ValidationInfo) -> Duration:
        min_ttl = info.data.get("min_ttl", Duration(0))
        if min_ttl > max_ttl:
            raise conflict(f"{min_ttl} is more than max_ttl, which is {max_ttl}", "min_ttl")
        return max_ttl


TAKEN_NAMES = {
    *("own rules", "local records", "hosts file", "services", "safe search", "built-in"),
    *("rebinding protection", "bogus addresses"),
}
"""What the log calls that which is no list: rules and records of the settings, and built-ins."""


_UNSAFE: Final = re.compile(r"[^a-z0-9]+")


class ListSettings(Section):
    """One list: names to block, or names to allow whatever the others say."""

    name: Annotated[str, text(100), not_taken(TAKEN_NAMES)]
    url: Annotated[str, list_url()]
    kind: Annotated[Literal["block", "allow"], choice("block", "allow")] = "block"
    enabled: Annotated[bool, flag()] = True

    @property
    def id(self) -> str:
        """What identifies it on the disk: "hosts-txt-block-1f2e3d4c5b6a", safe in a file name.

        It is made of the address and the kind only, so a list keeps its copy when it is renamed.
        The readable part is for people who look into the folder.
        """
        tail = self.url.split("?")[0].rstrip("/").rpartition("/")[2].lower()
        slug = _UNSAFE.sub("-", tail.removeprefix("file:"))[:40].strip("-") or "list"
        found = hashlib.blake2b(f"{self.kind} {self.url}".encode(), digest_size=6).hexdigest()
        return f"{slug}-{self.kind}-{found}"


YoutubeLevel = Literal["off", "moderate", "strict"]


class SafeSearchSettings(Section):
    """Search engines that leave out what is not for children, by the keys of their data file."""

    bing: Annotated[bool, flag()] = False
    brave: Annotated[bool, flag()] = False
    duckduckgo: Annotated[bool, flag()] = False
    ecosia: Annotated[bool, flag()] = False
    google: Annotated[bool, flag()] = False
    pixabay: Annotated[bool, flag()] = False
    yandex: Annotated[bool, flag()] = False
    youtube: Annotated[YoutubeLevel, choice(*get_args(YoutubeLevel), for_false="off")] = "off"


class BuiltinSettings(Section):
    """Protections that people expect without asking for them; each can be switched off."""

    doh_canary: Annotated[bool, flag()] = True
    """Tell Firefox not to pass by this server: use-application-dns.net does not exist."""
    private_relay: Annotated[bool, flag()] = True
    """Tell Apple's devices the same about iCloud Private Relay."""
    discovery: Annotated[bool, flag()] = True
    """Tell devices that look for an encrypted resolver of this server, or that there is none."""
    rebinding: Annotated[bool, flag()] = True
    """Refuse answers from the internet that lead into the home network."""
    rebinding_allow: tuple[Annotated[str, host_name()], ...] = ()
    """Names whose answers may lead there, with everything below them."""
    bogus_nxdomain: tuple[Annotated[Network, network()], ...] = ()
    """Addresses that providers give for names that don't exist."""


def _leaves_room(factor: int) -> int:
    if factor == 1:
        raise ValueError("1 would stop every change, write 2 to 1000, or 0 for off")
    return factor


class GuardSettings(Section):
    """When a new copy of a list is kept back until somebody says that it is right."""

    factor: Annotated[int, whole_number(0, 1000), AfterValidator(_leaves_room)] = 3
    """A list may grow or shrink by this factor at once; 0 is off."""
    canaries: tuple[Annotated[str, host_name()], ...] = ()
    """Names no list may block, besides those the guard knows by itself."""


BlockingMode = Literal["null_ip", "default", "nxdomain", "nodata", "refused", "custom_ip"]
_MODES: tuple[str, ...] = get_args(BlockingMode)
_BLOCKING_TTL = Duration.parse("10s")


class BlockingSettings(Section):
    """What a client is told about a name that is refused."""

    mode: Annotated[BlockingMode, choice(*_MODES)] = "null_ip"
    ttl: Annotated[Duration | dict[str, Duration], time_span_by_mode(_MODES, "0s", "1d")] = (
        _BLOCKING_TTL
    )
    """For all modes, or by mode; `ttl_in_force` picks the one that counts."""
    custom_ipv4: Annotated[IPv4Address, address(4)] | None = None
    custom_ipv6: Annotated[IPv6Address, address(6)] | None = Field(
        default=None, validate_default=True
    )

    @property
    def ttl_in_force(self) -> Duration:
        """How long clients may remember an answer in the mode that is set."""
        if isinstance(self.ttl, Duration):
            return self.ttl
        return self.ttl.get(self.mode, _BLOCKING_TTL)

    @field_validator("custom_ipv6", mode="after")
    @classmethod
    def _custom_ip_has_an_address(
        cls, custom_ipv6: IPv6Address | None, info: ValidationInfo
    ) -> IPv6Address | None:
        no_ipv4 = "custom_ipv4" in info.data and info.data["custom_ipv4"] is None
        if info.data.get("mode") == "custom_ip" and no_ipv4 and custom_ipv6 is None:
            raise conflict(
                "custom_ip needs an address, set custom_ipv4, custom_ipv6 or both", "mode"
            )
        return custom_ipv6


class FilteringSettings(Section):
    """What is refused: lists, own rules, and how they are kept up to date."""

    lists: Annotated[tuple[ListSettings, ...], names_differ("list")] = (
        ListSettings(name="Starter", url="file:blocklists/starter.txt"),
    )
    """Without the key only what came with the program: a server whose file says nothing of lists
    shall not begin to fetch one with an update. config/sinkhole.yaml, which is what new servers
    begin with, subscribes to one more."""
    rules: tuple[Annotated[str, text(64 * 1024)], ...] = ()
    """Own rules, in the syntax of lists; what they mean is the filter's business."""
    services: ServiceChoice = ()
    """Services to block as a whole: ids, and "group:NAME" for all of a group."""
    safe_search: SafeSearchSettings = SafeSearchSettings()
    builtin: BuiltinSettings = BuiltinSettings()
    update_interval: Annotated[Duration, time_span("10m", "30d", or_zero=True)] = Duration.parse(
        "24h"
    )
    """How often lists are fetched again; 0 is never."""
    max_list_size: Annotated[Size, byte_count("1KiB", "4GiB")] = Size.parse("256MiB")
    """The most one list may have, unpacked."""
    private_sources: Annotated[bool, flag()] = False
    """Whether a list may come from a private or loopback address."""
    guard: GuardSettings = GuardSettings()
    blocking: BlockingSettings = BlockingSettings()

    _added: frozenset[str] = PrivateAttr(default=frozenset())
    _is_complete: bool = PrivateAttr(default=True)

    @property
    def is_complete(self) -> bool:
        """Whether `lists` are all there are: what is stored may not be known."""
        return self._is_complete

    def is_added(self, name: str) -> bool:
        """Whether a list is stored: added by command, by the page or a program."""
        return name.casefold() in self._added

    def known_by(self, added: Iterable[str], *, is_complete: bool) -> FilteringSettings:
        """The same settings, knowing which lists were added, and whether those are all."""
        known = self.model_copy()
        known._added, known._is_complete = frozenset(added), is_complete
        return known

    def __eq__(self, other: object) -> bool:
        """Whether all values are the same, whoever set them."""
        return isinstance(other, FilteringSettings) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # as of `Settings`


class LocalSettings(Section):
    """Names of the home network, which this server answers without asking anybody."""

    records: LocalRecords = Field(default_factory=dict)
    ttl: Annotated[Duration, time_span("0s", "7d")] = Duration.parse("60s")
    hosts_file: Annotated[Path | Literal[False], path_or_off(MACHINE_HOSTS_FILE)] = False
    """A hosts file whose names are answered as well; False is none."""

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
    keep: Annotated[Duration, time_span("1h", "3650d")] = Duration.parse("90d")
    max_size: Annotated[Size, byte_count("1MiB", "1TiB")] = Size.parse("2GiB")
    answers: Annotated[bool, flag()] = True
    """Keep the records that were answered, and what an upstream had said where that was refused."""
    privacy: Annotated[LogPrivacy, choice(*get_args(LogPrivacy))] = "full"
    """What is written about a query from now on; each level leaves out more than the one before:
    nothing, the end of addresses, all of the client, and client, name and answer."""
    ignore_clients: Annotated[tuple[Annotated[Network | str, client_ref()], ...], no_repeats()] = ()
    """Clients that get no rows, and names that get none, with all below them."""
    ignore_names: Annotated[tuple[Annotated[str, host_name()], ...], no_repeats()] = ()
    ignore_in_statistics: Annotated[bool, flag()] = False
    """Not to count them either; else they count, but neither by name nor by client."""


class StatsSettings(Section):
    """Hourly sums, kept apart from the log; small enough to outlive it by years."""

    keep: Annotated[Duration, time_span("1d", "3650d")] = Duration.parse("365d")


class WebSettings(Section):
    """Where the page and its API are served, and under which names."""

    listen: Annotated[Endpoint, endpoint(8080, any_port=True)] = Endpoint("127.0.0.1", 8080)
    hosts: tuple[Annotated[str, host_name()], ...] = ()
    """Host names a browser may use for the page, besides addresses, localhost and the machine's
    own name; anything else is refused, which stops DNS rebinding."""
    trusted_proxies: Annotated[tuple[Annotated[Network, network()], ...], no_repeats()] = ()
    """Who may say for whom, by which name and below which path they ask: by X-Forwarded-For,
    -Proto, -Host and -Prefix, Forwarded and X-Ingress-Path."""
    certificate: Annotated[Path, folder()] | None = None
    certificate_key: Annotated[Path, folder()] | None = Field(default=None, validate_default=True)
    """PEM files: the certificate with its chain behind it, and its private key. With them the page
    is served by HTTPS."""

    @field_validator("certificate_key", mode="after")
    @classmethod
    def _have_a_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if "certificate" not in info.data:
            return key
        certificate = info.data["certificate"]
        if key is not None and certificate is None:
            raise conflict("is of no use without a certificate, set it too", "certificate_key")
        if certificate is not None and key is None:
            raise conflict("is of no use without its key, set certificate_key too", "certificate")
        return key


LogLevel = Literal["debug", "info", "warning", "error"]


class LogSettings(Section):
    """How much sinkhole says about itself on standard error; queries are not part of it."""

    level: Annotated[LogLevel, choice(*get_args(LogLevel))] = "info"


class Settings(Section):
    """Everything that can be set; `Settings()` is all defaults, `load` reads the rest.

    Two are equal when every value is, whoever set it.
    """

    dns: DnsSettings = DnsSettings()
    clients: Annotated[tuple[ClientSettings, ...], names_differ("client"), clients_differ()] = ()
    """Clients that rules can name; everybody else is a client without a name."""
    upstream: UpstreamSettings = UpstreamSettings()
    cache: CacheSettings = CacheSettings()
    filtering: FilteringSettings = FilteringSettings()
    local: LocalSettings = LocalSettings()
    query_log: QueryLogSettings = QueryLogSettings()
    stats: StatsSettings = StatsSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    data_dir: Annotated[Path, folder()] = Path("data")
    """Where everything is stored that must outlive a restart; made when it is missing."""

    @field_validator("query_log", mode="after")
    @classmethod
    def _ignores_known_clients(
        cls, query_log: QueryLogSettings, info: ValidationInfo
    ) -> QueryLogSettings:
        known = {word for each in info.data.get("clients", ()) for word in (each.name, *each.ids)}
        for number, client in enumerate(query_log.ignore_clients):
            if isinstance(client, str) and client not in known and "clients" in info.data:
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
        filtering = self.filtering.known_by(added, is_complete=is_complete)
        known = self.model_copy(update={"filtering": filtering})
        known._origins, known._item_origins = dict(origins), dict(items)
        known._secret_paths = tuple(secret_paths)
        return known

    def __eq__(self, other: object) -> bool:
        """Whether all values are the same."""
        return isinstance(other, Settings) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # holds mappings
