"""What devices have to be told to use this server by encrypted DNS: addresses and profiles."""

from __future__ import annotations

import plistlib
from collections.abc import AsyncGenerator
from typing import Any, Final, Literal, NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Download, Input, Output, operation
from sinkhole.control.operations.refusals import refusal, understood
from sinkhole.control.settings import Settings
from sinkhole.control.settings.clients_schema import read_client_id
from sinkhole.control.settings.stamps import encode_stamp
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.upstream_url import DEFAULT_PATH, DEFAULT_PORTS, UpstreamUrl

_SETTINGS: Final = "com.apple.dnsSettings.managed"
_ROOT: Final = "com.apple.security.root"

PROFILE_TYPE: Final = "application/x-apple-aspen-config"
"""By which Apple's devices know that it is to be installed."""

Protocol = Literal["https", "tls"]


class DeviceSetup(NamedTuple):
    """How one device reaches this server: by its `name`, and as which client, "" for nobody's.

    A port is 0 where that transport is not listened to.
    """

    name: str
    https_port: int = 0
    tls_port: int = 0
    client_id: str = ""
    quic_port: int = 0

    @property
    def protocols(self) -> list[Protocol]:
        """Those that Apple's devices can be told of, the better one first: over TLS they take only
        port 853."""
        found: list[Protocol] = ["https"] if self.https_port else []
        return [*found, "tls"] if self.tls_port == DEFAULT_PORTS["tls"] else found

    @property
    def android_name(self) -> str:
        """What "Private DNS" is told, "" where it could not ask."""
        return self.tls_name if self.tls_port == DEFAULT_PORTS["tls"] else ""

    @property
    def stamps(self) -> dict[str, str]:
        """DNS stamps for apps that take these, by the transport."""
        path = DEFAULT_PATH + (f"/{self.client_id}" if self.client_id else "")
        urls = {
            "https": UpstreamUrl("https", self.name, self.https_port, path),
            "tls": UpstreamUrl("tls", self.tls_name, self.tls_port),
            "quic": UpstreamUrl("quic", self.tls_name, self.quic_port),
        }
        return {kind: encode_stamp(url) for kind, url in urls.items() if url.port}

    @property
    def https_url(self) -> str:
        """For browsers, Windows and Apple: DNS over HTTPS."""
        port = "" if self.https_port == DEFAULT_PORTS["https"] else f":{self.https_port}"
        client = f"/{self.client_id}" if self.client_id else ""
        return f"https://{self.name}{port}{DEFAULT_PATH}{client}"

    @property
    def tls_name(self) -> str:
        """For Android's "Private DNS", which takes a name and port 853 only: DNS over TLS."""
        return f"{self.client_id}.{self.name}" if self.client_id else self.name

    def lines(self) -> list[str]:
        """What to enter where, a line for each kind of device."""
        found = []
        if self.tls_port == DEFAULT_PORTS["tls"]:
            found.append(f"Android, Private DNS provider hostname: {self.tls_name}")
        if self.https_port:
            found.append(f"browsers and Windows, DNS over HTTPS: {self.https_url}")
        if self.https_port or self.tls_port:
            made = f"sinkhole certificate mobileconfig {self.name}"
            found.append(f"iPhone, iPad and Mac, a profile to install: {made}")
        return found

    def mobileconfig(self, protocol: Protocol, authority: bytes = b"") -> bytes:
        """A profile for Apple's devices, unsigned (property list in XML).

        `authority` is a certificate in DER that the device is asked to trust. A profile of the same
        name, protocol and client takes the place of an older one. Devices take only port 853 for
        DNS over TLS.
        """
        payloads = [self._payload(_SETTINGS, protocol, DNSSettings=self._dns_settings(protocol))]
        if authority:
            payloads.append(self._payload(_ROOT, "authority", PayloadContent=authority))
        profile = self._payload("Configuration", f"{protocol} profile", PayloadContent=payloads)
        profile |= {
            "PayloadDescription": f"Asks {self.name} for names, encrypted ({_TOLD[protocol]}).",
            "PayloadRemovalDisallowed": False,
        }
        return plistlib.dumps(profile)

    def _dns_settings(self, protocol: Protocol) -> dict[str, Any]:
        if protocol == "https":
            return {"DNSProtocol": "HTTPS", "ServerURL": self.https_url}
        return {"DNSProtocol": "TLS", "ServerName": self.tls_name}

    def _payload(self, kind: str, part: str, **content: Any) -> dict[str, Any]:
        """One payload; its UUID says the same thing each time it is made."""
        uuid = str(uuid5(NAMESPACE_DNS, f"{part} {self.tls_name}")).upper()
        return {
            "PayloadType": kind,
            "PayloadVersion": 1,
            "PayloadIdentifier": f"sinkhole.{self.tls_name}.{part.replace(' ', '.')}",
            "PayloadUUID": uuid,
            "PayloadDisplayName": f"DNS of {self.tls_name}",
            **content,
        }


_TOLD: Final = {"https": "DNS over HTTPS", "tls": "DNS over TLS"}


def device_setup(settings: Settings, name: str, client_id: str = "") -> DeviceSetup:
    """How devices reach a server with these settings under this name."""
    dns = settings.dns
    return DeviceSetup(
        name,
        next((each.port for each in dns.https), 0),
        next((each.port for each in dns.tls), 0),
        client_id,
        next((each.port for each in dns.quic), 0),
    )


# ---- operations --------------------------------------------------------------------------------


class DeviceWanted(Input):
    """A device that is to ask this server."""

    name: str = Field(
        default="",
        max_length=253,
        description="Which of the server's names it is told; the first of them without it.",
        examples=["dns.example.org"],
    )
    client_id: str = Field(
        default="",
        max_length=63,
        description="The id by which it is a client.",
        examples=["tablet"],
    )


class SetupShown(Output):
    """What a device has to be told; what does not work for it is empty."""

    name: str
    client_id: str
    android: str = Field(description="The host name for Android's Private DNS.")
    https: str = Field(
        description="The address for DNS over HTTPS, for browsers and Windows.",
        examples=["https://dns.example.org/dns-query/tablet"],
    )
    stamps: dict[str, str] = Field(description="DNS stamps by transport: `https`, `tls`, `quic`.")
    profiles: list[Protocol] = Field(description="The profiles for Apple's devices there are.")
    fits: bool = Field(
        description="Whether the certificate is for the name that has the id in front, if any."
    )
    authority: bool = Field(
        description="Whether it has to trust an authority first, which profiles bring."
    )


class ProfileWanted(DeviceWanted):
    """A device, and how it is to ask."""

    protocol: Protocol | None = Field(
        default=None, description="What there is without it, HTTPS first."
    )


@operation("device_setup.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: DeviceWanted) -> SetupShown:
    """Tell what a device has to be told to ask this server by encrypted DNS."""
    setup, facts = setup_of(house, given), house.encrypted()
    names = facts.certificate["names"] if facts.certificate is not None else []
    covering = {setup.tls_name, f"*.{setup.tls_name.partition('.')[2]}"}
    return SetupShown(
        name=setup.name,
        client_id=setup.client_id,
        android=setup.android_name,
        https=setup.https_url if setup.https_port else "",
        stamps=setup.stamps,
        profiles=setup.protocols,
        fits=not covering.isdisjoint(names),
        authority=bool(facts.authority),
    )


@operation("device_setup.profile", Permission.STATUS_READ)
async def profile(house: House, actor: Actor, given: ProfileWanted) -> Download:
    """Fetch a profile for iPhone, iPad and Mac, by which they ask this server, encrypted.

    It is not signed, so the device says so. Where the certificate is of an authority of one's own,
    that is in it.
    """
    return profile_of(house, given)


def profile_of(house: House, given: ProfileWanted) -> Download:
    """The profile that is wanted. Raises RequestError where there can be none."""
    setup = setup_of(house, given)
    protocol = given.protocol or next(iter(setup.protocols), None)
    if protocol not in setup.protocols:
        text = (
            "nothing listens where a profile could lead to: set dns.https, or dns.tls at port 853"
        )
        raise refusal("conflict", "nothing_listens", text)
    data = setup.mobileconfig(protocol, house.encrypted().authority)
    named = f"{setup.client_id or setup.name}.mobileconfig"
    return Download(media_type=PROFILE_TYPE, file_name=named, chunks=_at_once(data))


def setup_of(house: House, given: DeviceWanted) -> DeviceSetup:
    """How the device that is meant reaches this server: by no name but one of the server's own, as
    whoever follows a link to a profile believes that it leads here. RequestError where it has none.
    """
    names = house.encrypted().names
    name = given.name.lower().rstrip(".") or next(iter(names), "")
    if name not in names:
        told = f"{given.name} is none of" if names else "there is none of"
        text = f"{told} this server's names: they stand in dns.names, or in its certificate"
        raise refusal("not_found", "name_unknown", text)
    with understood("client_id_invalid"):
        client_id = read_client_id(given.client_id) if given.client_id else ""
    return device_setup(house.settings.settings, name, client_id)


async def _at_once(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data
