"""What is refused: the section `filtering`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo, field_validator

from sinkhole.control.settings.addresses import Network, address, host_name, network
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.shipped import ServiceChoice
from sinkhole.control.settings.units import (
    Duration,
    Size,
    byte_count,
    time_span,
    time_span_by_mode,
)
from sinkhole.control.settings.values import (
    Kind,
    Section,
    choice,
    conflict,
    flag,
    known_word,
    list_url,
    names_differ,
    not_taken,
    read_text,
    text,
    whole_number,
)
from sinkhole.dns.wire.numbers import Type, type_name, type_number
from sinkhole.model.masking import MASK, masked_address

CATEGORIES: Final = ("malware", "adult")
"""Words that stand for lists of the catalogue."""

_NEVER_REFUSED: Final = (Type.OPT, Type.TSIG, Type.TKEY, Type.AXFR, Type.IXFR)
"""No questions, or none that this server answers."""

LATER_NAMES: Final = frozenset({"refused types", "allow only"})
"""Those of TAKEN_NAMES that were free once: a list that has one keeps it, and no other gets it."""

TAKEN_NAMES: Final = LATER_NAMES | {
    *("own rules", "local records", "hosts file", "services", "safe search", "built-in"),
    *("rebinding protection", "bogus addresses"),
}
"""What the log calls that which is no list: rules and records of the settings, and built-ins."""


_UNSAFE: Final = re.compile(r"[^a-z0-9]+")


def read_type(value: Any) -> str:
    """The name of a record type, "AAAA" or "TYPE65"; ValueError for one that can't be refused."""
    words = read_text(value, 20)
    try:
        number = type_number(words)
    except ValueError:
        raise ValueError(f'{shown(words)} is no record type, write one such as "AAAA"') from None
    if number in _NEVER_REFUSED or not number:
        raise ValueError(f"{shown(words)} is nothing that clients ask for here")
    return type_name(number)


Categories = tuple[Annotated[str, known_word(CATEGORIES, "known are malware and adult")], ...]
RefusedTypes = tuple[
    Annotated[str, Kind(read_type, accepts={"type": "string", "minLength": 1})], ...
]


class ListSettings(Section):
    """One list: names to block, or names to allow whatever the others say."""

    name: Annotated[str, text(100), not_taken(TAKEN_NAMES - LATER_NAMES)]
    """What the log and the page call it; two lists cannot have the same name."""
    url: Annotated[str, list_url()]
    """"https://...", "http://...", or "file:..." for a file on this machine."""
    kind: Annotated[Literal["block", "allow"], choice("block", "allow")] = "block"
    """Whether its names are blocked, or allowed whatever the block lists say."""
    enabled: Annotated[bool, flag()] = True
    """Whether it is in use."""

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
    """Search engines that leave out what is not for children.

    Their usual names are answered with the names that they offer for that, to everybody. Devices
    that ask another server are not reached, nor is who types another search engine: block those.
    """

    bing: Annotated[bool, flag()] = False
    """Bing leaves out what is not for children."""
    brave: Annotated[bool, flag()] = False
    """Brave leaves out what is not for children."""
    duckduckgo: Annotated[bool, flag()] = False
    """DuckDuckGo leaves out what is not for children."""
    ecosia: Annotated[bool, flag()] = False
    """Ecosia leaves out what is not for children."""
    google: Annotated[bool, flag()] = False
    """Google leaves out what is not for children."""
    pixabay: Annotated[bool, flag()] = False
    """Pixabay leaves out what is not for children."""
    yandex: Annotated[bool, flag()] = False
    """Yandex leaves out what is not for children."""
    youtube: Annotated[YoutubeLevel, choice(*get_args(YoutubeLevel), for_false="off")] = "off"
    """YouTube's Restricted Mode. Strict hides most of YouTube."""


class BuiltinSettings(Section):
    """What the filter does by itself. Rules and lists of yours that name the same thing win."""

    doh_canary: Annotated[bool, flag()] = True
    """Tell Firefox that use-application-dns.net does not exist; it then asks this server instead
    of one in the internet, unless somebody chose that one by hand."""
    private_relay: Annotated[bool, flag()] = True
    """Tell Apple's devices that the servers of iCloud Private Relay do not exist. They then ask
    whether to go without it in this network; with it they would pass by every list. Apple
    describes this way."""
    discovery: Annotated[bool, flag()] = True
    """Answer devices that look for an encrypted resolver (resolver.arpa) truthfully: with the
    encrypted listeners of this server while it has a certificate, else that there is none.
    Otherwise they learn of that of the upstream, and leave for it."""
    rebinding: Annotated[bool, flag()] = True
    """Refuse answers from the internet that lead into the home: to this machine itself, or to
    private addresses. Web pages of strangers use them to get at routers and other devices (DNS
    rebinding). Local records are not affected."""
    rebinding_allow: tuple[Annotated[str, host_name()], ...] = Field(
        default=(), examples=[["plex.direct"]]
    )
    """Names that may lead into the home all the same, with everything below them."""
    bogus_nxdomain: tuple[Annotated[Network, network()], ...] = Field(
        default=(), examples=[["192.0.2.80"]]
    )
    """Addresses and networks that an upstream gives for names that do not exist, to show
    advertisements. Such answers become "there is no such name"."""


def _leaves_room(factor: int) -> int:
    if factor == 1:
        raise ValueError("1 would stop every change, write 2 to 1000, or 0 for off")
    return factor


class GuardSettings(Section):
    """The guard looks at every new copy of a list.

    One that is odd is kept back, and the old one stays in use until somebody accepts it.
    """

    factor: Annotated[int, whole_number(0, 1000), AfterValidator(_leaves_room)] = 3
    """A new copy of a list is odd if it has grown or shrunk by more than this factor. 0 is off."""
    canaries: tuple[Annotated[str, host_name()], ...] = Field(
        default=(), examples=[["www.example.org"]]
    )
    """It is also odd if it would block one of these names. Names that updates of lists and devices
    need are always among them."""


BlockingMode = Literal["null_ip", "default", "nxdomain", "nodata", "refused", "custom_ip"]
_MODES: tuple[str, ...] = get_args(BlockingMode)
_BLOCKING_TTL = Duration.parse("10s")


class BlockingSettings(Section):
    """What a client is told about a name that is refused."""

    mode: Annotated[BlockingMode, choice(*_MODES)] = "null_ip"
    """What a client is told about a blocked name:
      null_ip    the addresses 0.0.0.0 and ::, which lead nowhere; works best with all devices
      default    the same, but the address of the line itself where a hosts line has one
      nxdomain   there is no such name
      nodata     the name exists, without an address
      refused    this server does not answer that; clients may then ask another server
      custom_ip  the addresses below, for a page of your own"""
    ttl: Annotated[Duration | dict[str, Duration], time_span_by_mode(_MODES, "0s", "1d")] = Field(
        default=_BLOCKING_TTL, examples=[{"null_ip": "10s", "nxdomain": "60s"}]
    )
    """How long clients may remember that. It is also how long an unblocked name takes to work
    again. It can depend on the mode, then modes that are left out have 10s."""
    custom_ipv4: Annotated[IPv4Address, address(4)] | None = Field(
        default=None, examples=["192.0.2.80"]
    )
    """The address for custom_ip, which needs at least one of the two."""
    custom_ipv6: Annotated[IPv6Address, address(6)] | None = Field(
        default=None, validate_default=True, examples=["2001:db8::80"]
    )
    """The same for IPv6."""

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

    enabled: Annotated[bool, flag()] = True
    """Whether anything is refused by lists, rules, services and the like. Groups and clients may
    say otherwise for themselves."""
    lists: Annotated[tuple[ListSettings, ...], names_differ("list")] = Field(
        default=(ListSettings(name="Starter", url="file:blocklists/starter.txt"),),
        examples=[
            [{"name": "My list", "url": "https://lists.example.org/hosts.txt", "kind": "block"}]
        ],
    )
    """Lists of names to block or to allow. An allow list wins over every block list. Formats are
    recognised: hosts files, plain names, *.wildcards, adblock, dnsmasq and response policy
    zones (RPZ).

    Starter came with sinkhole: a few hundred names that are blocked from the first second on. A
    new server subscribes to one list more, which can be removed like any other; docs/lists.md
    says why this one. Where this key is written, only the lists that it names and those that
    were added by hand are in use."""
    rules: tuple[Annotated[str, text(64 * 1024)], ...] = Field(
        default=(), examples=[["||ads.example^", "@@||shop.example^"]]
    )
    """Rules of your own, written like lines of an adblock list, always in quotes: "||ads.example^"
    blocks a name and everything below it, "@@||shop.example^" allows it. Allowing wins over
    blocking, in rules as in lists, unless a blocking rule ends in $important; then end yours
    so. The end of the name (^) matters: "||ads.example" also blocks ads.example.org."""
    services: ServiceChoice = Field(default=(), examples=[["tiktok", "group:gambling"]])
    """Services to block as a whole. The file blocklists/services.yaml has the ids and domains of
    all of them, in the groups adult, ai, cloud, dating, gambling, gaming, hosting, messenger,
    music, privacy, shopping, social_network, software and streaming. Rules and lists that allow
    a name win over this."""
    categories: Categories = Field(default=(), examples=[["malware"]])
    """Kinds of names to block as a whole, malware and adult, by lists of the catalogue that are
    fetched for it."""
    refuse_types: RefusedTypes = Field(default=(), examples=[["AAAA"]])
    """Record types that are answered with nothing, such as AAAA in a network without IPv6;
    addresses of such a type are taken out of HTTPS and SVCB records."""
    safe_search: SafeSearchSettings = SafeSearchSettings()
    builtin: BuiltinSettings = BuiltinSettings()
    update_interval: Annotated[Duration, time_span("10m", "30d", or_zero=True)] = Duration.parse(
        "24h"
    )
    """How often lists are fetched again. 0 fetches them only when told to."""
    max_list_size: Annotated[Size, byte_count("1KiB", "4GiB")] = Size.parse("256MiB")
    """The most one list may have, unpacked. A list that has more is not taken, and its last good
    copy stays in use."""
    private_sources: Annotated[bool, flag()] = False
    """Whether lists may be fetched from private addresses, such as a web server in your own
    network. Hosts whose addresses stand in local.records need it not."""
    guard: GuardSettings = GuardSettings()
    blocking: BlockingSettings = BlockingSettings()

    _added: frozenset[str] = PrivateAttr(default=frozenset())
    _hidden: frozenset[str] = PrivateAttr(default=frozenset())
    _is_complete: bool = PrivateAttr(default=True)

    @property
    def is_complete(self) -> bool:
        """Whether `lists` are all there are: what is stored may not be known."""
        return self._is_complete

    def is_added(self, name: str) -> bool:
        """Whether a list is stored: added by command or by a program."""
        return name.casefold() in self._added

    def shown_url(self, entry: ListSettings) -> str:
        """The address of a list as people may see it: nothing of one from a file of secrets."""
        return masked_address(self.whole_url(entry))

    def whole_url(self, entry: ListSettings) -> str:
        """The same with its query and password, for who may change it."""
        return MASK if entry.name.casefold() in self._hidden else entry.url

    def known_by(
        self, added: Iterable[str], hidden: Iterable[str] = (), *, is_complete: bool
    ) -> FilteringSettings:
        """The same settings, knowing which lists were added, and whether those are all; of those
        in `hidden` the address is a secret."""
        known = self.model_copy()
        known._hidden = frozenset(name.casefold() for name in hidden)
        known._added, known._is_complete = frozenset(added), is_complete
        return known

    def __eq__(self, other: object) -> bool:
        """Whether all values are the same, whoever set them."""
        return isinstance(other, FilteringSettings) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # as of `Settings`
