"""Certificates and encrypted listeners in the form of that server.

Certificates are files here: what is sent as text is refused, as it would have to be written
somewhere. The page has a certificate and an address of its own (`web`), so nothing here moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import Field

from sinkhole.control.settings import Endpoint, Settings
from sinkhole.control.settings.in_force import Change
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request

NO_TIME: Final = "0001-01-01T00:00:00Z"
"""As that server writes a time that there is not."""

_PORTS: Final = {"port_https": "https", "port_dns_over_tls": "tls", "port_dns_over_quic": "quic"}
_USUAL_PORTS: Final = {"port_https": 443, "port_dns_over_tls": 853, "port_dns_over_quic": 853}


class _Tls(Body):
    enabled: bool = False
    server_name: str = Field(default="", max_length=300)
    force_https: bool = False
    port_https: int = Field(default=0, ge=0, le=65_535)
    port_dns_over_tls: int = Field(default=0, ge=0, le=65_535)
    port_dns_over_quic: int = Field(default=0, ge=0, le=65_535)
    port_dnscrypt: int = 0
    dnscrypt_config_file: str = ""
    certificate_chain: str = ""
    private_key: str = ""
    certificate_path: str = Field(default="", max_length=4000)
    private_key_path: str = Field(default="", max_length=4000)
    private_key_saved: bool = False
    serve_plain_dns: bool = True


async def status(asked: Asked) -> dict[str, Any]:
    """GET tls/status."""
    return {**shown(asked.settings), **_certificate(asked)}


def shown(settings: Settings) -> dict[str, Any]:
    """What can be set there, as it is; ports as if they were on while nothing is encrypted."""
    dns = settings.dns
    is_on = dns.is_encrypted
    ports = {
        key: _port(getattr(dns, name), 0) if is_on else _USUAL_PORTS[key]
        for key, name in _PORTS.items()
    }
    return {
        **({"server_name": dns.names[0]} if dns.names else {}),
        "enabled": is_on,
        "force_https": False,
        **ports,
        "port_dnscrypt": 0,
        "dnscrypt_config_file": "",
        "certificate_chain": "",
        "private_key": "",
        "certificate_path": str(dns.certificate or ""),
        "private_key_path": str(dns.certificate_key or ""),
        "private_key_saved": False,
        "serve_plain_dns": True,
    }


def _port(where: Sequence[Endpoint], usual: int) -> int:
    return next((each.port for each in where), usual)


def _certificate(asked: Asked) -> dict[str, Any]:
    found = asked.house.encrypted().certificate
    is_there = found is not None
    told: dict[str, Any] = {
        "valid_cert": is_there,
        "valid_chain": is_there,
        "valid_key": is_there,
        "valid_pair": is_there,
        "not_before": NO_TIME,
        "not_after": NO_TIME,
        "dns_names": None,
    }
    if found is not None:
        told |= {
            "subject": found["subject"],
            "issuer": found["issuer"],
            "not_before": _time(found["begins"]),
            "not_after": _time(found["expires"]),
            "dns_names": list(found["names"]),
        }
    return told


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def validate(asked: Asked) -> dict[str, Any]:
    """POST tls/validate: would these settings do? Nothing is changed."""
    given = await asked.body(_Tls)
    changes = config_changes(asked.settings, given)
    if changes:
        await asked.house.settings.change(changes, asked.actor, dry_run=True)
    told = given.model_dump(exclude_unset=True)
    return {**shown(asked.settings), **told, **_certificate(asked), **_NO_SECRET}


async def configure(asked: Asked) -> dict[str, Any]:
    """POST tls/configure: all of it. Refused (400) to be on without a certificate."""
    given = await asked.body(_Tls)
    changes = config_changes(asked.settings, given)
    has_one = asked.settings.dns.certificate or asked.house.encrypted().certificate
    if given.enabled and not (given.certificate_path or has_one):
        raise bad_request(
            "certificate_path: encrypted DNS needs a certificate: name its file and that of its key"
        )
    await asked.change("settings.change", changes, "encrypted DNS")
    return await status(asked)


_NO_SECRET: Final = {"private_key": "", "certificate_chain": ""}


def config_changes(settings: Settings, given: _Tls) -> list[Change]:
    """What makes it so; Refused (400) for what can't be had here."""
    _refuse(given)
    dns, now = settings.dns, shown(settings)
    changes: list[Change] = []
    if given.enabled or now["enabled"]:
        for key, name in _PORTS.items():
            port = getattr(given, key) if given.enabled else 0
            where = [] if not port else _listen(getattr(dns, name) or dns.listen, port)
            if where != [str(each) for each in getattr(dns, name)]:
                changes.append(Change(f"dns.{name}", value=where))
    for key, name in (("certificate_path", "certificate"), ("private_key_path", "certificate_key")):
        path = getattr(given, key)
        if path and path != now[key]:
            changes.append(Change(f"dns.{name}", value=path))
    if given.server_name and given.server_name not in dns.names:
        changes.append(Change("dns.names", value=[given.server_name, *dns.names]))
    return changes


def _listen(now: Sequence[Endpoint], port: int) -> list[str]:
    """Where there is to be listened: at the addresses of now, or of plain DNS."""
    return list(dict.fromkeys(str(Endpoint(each.host, port)) for each in now))


def _refuse(given: _Tls) -> None:
    refused = {
        "certificate_chain": (
            given.certificate_chain or given.private_key or given.private_key_saved,
            "certificates are files here: name them by certificate_path and private_key_path",
        ),
        "port_dnscrypt": (
            given.port_dnscrypt or given.dnscrypt_config_file,
            "sinkhole does not speak DNSCrypt to clients",
        ),
        "force_https": (
            given.force_https,
            "the page has its own certificate (web.certificate), and is served by HTTPS alone then",
        ),
        "serve_plain_dns": (
            not given.serve_plain_dns,
            "plain DNS stays: choose its addresses by dns.listen",
        ),
    }
    for key, (is_given, text) in refused.items():
        if is_given:
            raise bad_request(f"{key}: {text}")
