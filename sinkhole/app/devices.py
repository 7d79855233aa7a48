"""What devices have to be told to use this server by encrypted DNS: lines, URLs and profiles."""

from __future__ import annotations

import plistlib
from typing import Any, Final, Literal, NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from sinkhole.control.settings import Settings
from sinkhole.model.upstream_url import DEFAULT_PATH, DEFAULT_PORTS

_SETTINGS: Final = "com.apple.dnsSettings.managed"
_ROOT: Final = "com.apple.security.root"


class DeviceSetup(NamedTuple):
    """How one device reaches this server: by its `name`, and as which client, "" for nobody's.

    A port is 0 where that transport is not listened to.
    """

    name: str
    https_port: int = 0
    tls_port: int = 0
    client_id: str = ""

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

    def mobileconfig(self, protocol: Literal["https", "tls"], authority: bytes = b"") -> bytes:
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

    def _dns_settings(self, protocol: Literal["https", "tls"]) -> dict[str, Any]:
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
    )
