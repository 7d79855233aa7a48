"""Who is asked: the section `upstream`. The kinds of its values are in upstream_values.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv6Network
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler

from sinkhole.control.settings.addresses import (
    Endpoint,
    Network,
    endpoint,
    is_address,
    network,
    one_server,
)
from sinkhole.control.settings.quoting import listing, nearest, quoted, shown
from sinkhole.control.settings.units import Duration, time_span
from sinkhole.control.settings.upstream_urls import parse_upstream
from sinkhole.control.settings.upstream_values import (
    NOTHING_TOLD,
    SubnetTold,
    dns64_prefix,
    parse_client_subnet,
    parse_proxy,
    parse_route,
    parse_set_name,
)
from sinkhole.control.settings.values import (
    Kind,
    Section,
    choice,
    conflict,
    flag,
    is_elsewhere,
    no_repeats,
    not_empty,
)
from sinkhole.model.masking import masked_address
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.upstream_url import UpstreamUrl

Strategy = Literal["fastest", "parallel", "load_balance", "strict"]

USUAL_SERVERS: Final = "default"
"""What stands for `upstream.servers` in a route."""

_OVER_UDP: Final = ("udp", "h3", "quic")
_TIMEOUT: Final = ("100ms", "10s")
_TEXT: Final = {"type": "string", "minLength": 1}


def _read_url(value: Any) -> UpstreamUrl:
    return value if isinstance(value, UpstreamUrl) else parse_upstream(value)


class UpstreamItem(Section):
    """One upstream of a list: its URL alone, or {url: ..., timeout: ...}."""

    alone: ClassVar[str] = "url"

    url: Annotated[UpstreamUrl, Kind(_read_url, accepts=_TEXT)]
    """Where it is and how it is asked, see upstream.servers."""
    timeout: Annotated[Duration, time_span(*_TIMEOUT)] | None = None
    """How long this one may take; without it, as long as all others."""

    @model_validator(mode="wrap")
    @classmethod
    def _from_text(
        cls, value: Any, handler: ModelWrapValidatorHandler[UpstreamItem]
    ) -> UpstreamItem:
        if isinstance(value, (Mapping, UpstreamItem)):
            return handler(value)
        return cls(url=parse_upstream(value))

    def __str__(self) -> str:
        """How it is called before people."""
        return str(self.url)

    def without_secrets(self) -> UpstreamItem:
        """The same with what looks random in its path masked."""
        path = masked_address(self.url.path)
        return self.model_copy(update={"url": self.url._replace(path=path)})


Servers = tuple[UpstreamItem, ...]
_SERVERS: Final[TypeAdapter[Any]] = TypeAdapter(Servers)


def servers_differ() -> AfterValidator:
    """Refuse a list that has a server twice, with whatever timeouts."""
    return no_repeats(by=lambda item: item.url)


def _read_target(value: Any) -> Servers | str:
    """Where the names of a route are asked for: the name of a set, or servers."""
    if isinstance(value, str):
        return parse_set_name(value)
    servers: Servers = _SERVERS.validate_python(value)
    if not servers:
        raise ValueError(
            f'the list is empty: write servers, the name of a set, or "{USUAL_SERVERS}"'
        )
    return servers


def _masked(servers: Servers) -> Servers:
    return tuple(item.without_secrets() for item in servers)


class UpstreamSetSettings(Section):
    """Servers under a name, which routes (and later groups) can be sent to.

    What is None is as in the section `upstream`.
    """

    servers: Annotated[
        Servers,
        not_empty('there is nobody to ask, write for instance ["9.9.9.9"]'),
        servers_differ(),
    ]
    """As upstream.servers."""
    fallback: Annotated[Servers, servers_differ()] = ()
    """As upstream.fallback."""
    strategy: Annotated[Strategy, choice(*get_args(Strategy))] | None = None
    """As upstream.strategy, which counts without it."""
    client_subnet: Annotated[SubnetTold, Kind(parse_client_subnet, accepts=_TEXT)] | None = None
    """As upstream.client_subnet, which counts without it."""

    def without_secrets(self) -> UpstreamSetSettings:
        """The same with what looks random in paths masked."""
        masked = {"servers": _masked(self.servers), "fallback": _masked(self.fallback)}
        return self.model_copy(update=masked)


class Dns64Settings(Section):
    """Make IPv6 addresses of IPv4 ones (RFC 6147).

    For networks that have IPv6 only and a translator (NAT64) to the rest of the internet.
    """

    enabled: Annotated[bool, flag()] = False
    """Whether that is done."""
    prefix: Annotated[IPv6Network, dns64_prefix()] = IPv6Network("64:ff9b::/96")
    """What the translator takes for IPv4 (RFC 6052): 32, 40, 48, 56, 64 or 96 bits."""
    exclude: tuple[Annotated[Network, network()], ...] = (IPv6Network("::ffff:0:0/96"),)
    """IPv6 networks whose addresses count as none, so that others are made in place of them."""

    @field_validator("exclude", mode="after")
    @classmethod
    def _is_ipv6(cls, exclude: tuple[Network, ...]) -> tuple[Network, ...]:
        for position, each in enumerate(exclude):
            if each.version != 6:
                message = f"{each} is IPv4, this key takes IPv6 networks"
                raise conflict(message, "exclude", position)
        return exclude


QUAD9: Final = (
    UpstreamItem(url=parse_upstream("https://dns.quad9.net/dns-query")),
    UpstreamItem(url=parse_upstream("tls://dns.quad9.net")),
)
BOOTSTRAP: Final = tuple(
    Endpoint(address, 53) for address in ("9.9.9.9", "149.112.112.112", "2620:fe::fe")
)


class UpstreamSettings(Section):
    """Who is asked, for which names, and how patiently."""

    servers: Annotated[
        Servers,
        not_empty('there is nobody to forward to, write for instance ["9.9.9.9"]'),
        servers_differ(),
    ] = QUAD9
    """Resolvers to ask for everything that is neither local nor refused nor in the cache:
      "https://dns.example.org/dns-query"  DNS over HTTPS; this path can be left out
      "tls://dns.example.org"              DNS over TLS
      "quic://dns.example.org"             DNS over QUIC, and "h3://..." DNS over HTTP/3
      "sdns://..."                         a stamp, as lists of public resolvers give it
      "192.0.2.1", "[2001:db8::1]:53"      plain DNS, which everybody on the way can read;
                                           "tcp://..." is the same over TCP only
    All but the bare addresses take names or addresses, and a port behind a colon. The
    certificate must be for the name, or for the address; "tls://192.0.2.1#dns.example.org" says
    another name. In front of that, "?pin=..." (the SHA-256 of its public key in base64, several
    with & between) says which key it has, whoever signed for it; "?address=192.0.2.1" where it
    is. A link-local address, as many routers have, needs its interface: "fe80::1%eth0". A
    server can have a patience of its own: {url: "tls://dns.example.org", timeout: 5s}.

    The default is Quad9, encrypted. Networks that let nothing but plain DNS through need
    servers such as ["9.9.9.9", "149.112.112.112"], here or in fallback."""
    fallback: Annotated[Servers, servers_differ()] = ()
    """Servers that are asked only when all of the above have failed. Plain ones here mean that
    your names can be read on the way while that lasts."""
    bootstrap: Annotated[
        tuple[Annotated[Endpoint, endpoint(53), one_server()], ...], no_repeats()
    ] = BOOTSTRAP
    """Where servers with a name are, these resolvers are asked: addresses of plain DNS servers.
    They learn the names of your servers, and nothing else."""
    strategy: Annotated[Strategy, choice(*get_args(Strategy))] = "fastest"
    """Who of several servers is asked:
      fastest       who has answered quickest lately, and now and then another one to see
      parallel      all of them at once; the first answer counts
      load_balance  each in turn, quick ones more often
      strict        the first one, and the next only when it fails"""
    timeout: Annotated[Duration, time_span(*_TIMEOUT)] = Duration.parse("2s")
    """How long one server may take before the next one is asked. All its tries share this time."""
    randomize_case: Annotated[bool, flag()] = True
    """Ask with random upper and lower case letters in the name, which an answer has to repeat: it
    makes answers much harder to forge."""
    sets: dict[Annotated[str, Kind(parse_set_name, accepts=_TEXT)], UpstreamSetSettings] = Field(
        default_factory=dict,
        examples=[{"family": {"servers": ["tls://family.example.org"], "strategy": "strict"}}],
    )
    """Servers under a name of their own, for routes. Each set has servers, and may have fallback,
    strategy and client_subnet."""
    routes: dict[str, Annotated[Servers | str, Kind(_read_target)]] = Field(
        default_factory=dict, examples=[{"fritz.box": ["192.0.2.1"], "vpn.example": "default"}]
    )
    """Names that other servers are asked about. "corp.example" is that name and all below it,
    "*.corp.example" only what is below it, and "unqualified" are names without a dot (write
    "unqualified." if you mean a zone of that name). The most specific one counts. What they
    lead to is a list of servers, the name of a set, or "default" for upstream.servers. Names
    that are otherwise answered without asking, such as those of your router or of private
    addresses, are asked for if they stand here, and may lead into the home."""
    client_subnet: Annotated[SubnetTold, Kind(parse_client_subnet, accepts=_TEXT)] = NOTHING_TOLD
    """What servers are told of where a client is (RFC 7871), so that their answers lead to
    somewhere near:
      "off"              nothing
      "client"           the network of its address, the first 24 bits of IPv4 and 56 of IPv6;
                         "client/20/48" tells others. Private addresses are never told
      "198.51.100.0/24"  this network, whoever asks"""
    proxy: Annotated[ProxyUrl, Kind(parse_proxy, accepts=_TEXT)] | None = Field(
        default=None, examples=["socks5://192.0.2.8:1080"]
    )
    """A proxy by which servers are reached, "http://host:port" or "socks5://host:port", with
    "user:password@" before the address if it wants them. It carries https, tls and tcp, so all
    servers must be asked by one of these, but for plain ones in routes, which are asked
    directly. It looks the names of servers up itself."""
    dns64: Dns64Settings = Field(default=Dns64Settings(), validate_default=True)

    @property
    def all_items(self) -> Iterator[tuple[tuple[str | int, ...], UpstreamItem]]:
        """Every upstream that is named anywhere, with the path to it from this section."""
        return _items_of(dict(self))

    @property
    def hosts(self) -> list[str]:
        """Names and addresses of all of them, which no list may block."""
        return list(dict.fromkeys(item.url.host for _, item in self.all_items))

    def without_secrets(self) -> UpstreamSettings:
        """The same with the proxy's user, and with what looks random in paths, masked."""
        sets = {name: each.without_secrets() for name, each in self.sets.items()}
        routes = {
            name: target if isinstance(target, str) else _masked(target)
            for name, target in self.routes.items()
        }
        masked: dict[str, Any] = {"sets": sets, "routes": routes}
        masked |= {"servers": _masked(self.servers), "fallback": _masked(self.fallback)}
        masked["proxy"] = self.proxy and self.proxy.masked
        return self.model_copy(update=masked)

    @field_validator("sets", mode="after")
    @classmethod
    def _sets_are_not_default(
        cls, sets: dict[str, UpstreamSetSettings]
    ) -> dict[str, UpstreamSetSettings]:
        if USUAL_SERVERS in sets:
            raise conflict(
                "stands for upstream.servers, choose another name", "sets", USUAL_SERVERS
            )
        return sets

    @field_validator("routes", mode="after")
    @classmethod
    def _routes_lead_somewhere(
        cls, written: dict[str, Servers | str], info: ValidationInfo
    ) -> dict[str, Servers | str]:
        routes: dict[str, Servers | str] = {}
        for name, target in written.items():
            try:
                route = parse_route(name)
            except ValueError as error:
                raise conflict(str(error), "routes", name) from None
            if route in routes:
                raise conflict("this name is listed twice, in two spellings", "routes", name)
            if isinstance(target, str) and not is_elsewhere(info, "upstream.sets", target):
                _check_set(name, target, info.data.get("sets"))
            routes[route] = target
        return routes

    @field_validator("dns64", mode="after")
    @classmethod
    def _fit_together(cls, dns64: Dns64Settings, info: ValidationInfo) -> Dns64Settings:
        proxy, bootstrap = info.data.get("proxy"), info.data.get("bootstrap")
        for path, item in _items_of(info.data):
            if proxy is not None and item.url.kind in _OVER_UDP and path[0] != "routes":
                message = f"{quoted(str(item))} goes over UDP, which upstream.proxy cannot carry"
                raise conflict(f"{message}: write tcp://, tls:// or https://", *path)
            is_asked_about = proxy is None or item.url.kind in _OVER_UDP
            if bootstrap == () and is_asked_about and item.url.is_named and not item.url.addresses:
                raise conflict(_nobody_knows(str(item)), *path)
        if bootstrap == () and proxy is not None and not is_address(proxy.host):
            raise conflict(_nobody_knows(str(proxy)), "proxy")
        return dns64


def _items_of(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], UpstreamItem]]:
    """All upstreams in the values of a section, each with its path."""
    for key in ("servers", "fallback"):
        yield from _numbered(data.get(key, ()), key)
    for name, each in data.get("sets", {}).items():
        yield from _numbered(each.servers, "sets", name, "servers")
        yield from _numbered(each.fallback, "sets", name, "fallback")
    for name, target in data.get("routes", {}).items():
        if not isinstance(target, str):
            yield from _numbered(target, "routes", name)


def _nobody_knows(named: str) -> str:
    nobody = "and nobody is in upstream.bootstrap who could be asked where it is"
    return f"{quoted(named)} has a name, {nobody}"


def _numbered(
    items: Servers, *path: str | int
) -> Iterator[tuple[tuple[str | int, ...], UpstreamItem]]:
    return (((*path, position), item) for position, item in enumerate(items))


def _check_set(route: str, name: str, sets: Mapping[str, UpstreamSetSettings] | None) -> None:
    """Refuse a route to a set that is not there; `sets` is None where they are wrong themselves."""
    if sets is None or name == USUAL_SERVERS or name in sets:
        return
    known = [USUAL_SERVERS, *sets]
    near = nearest(name, known)
    hint = f"did you mean {quoted(near)}?" if near else f"write {listing(known)}, or servers: [...]"
    raise conflict(f"{shown(name)} is no upstream set, {hint}", "routes", route)
