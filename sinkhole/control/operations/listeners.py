"""Where and by which transport this server is asked, and the certificate that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.operations.status import CertificateInfo, ProblemInfo, problems_of
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.control.settings.in_force import Change
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import CertificateError, SinkholeError

Kind = Literal["plain", "tls", "https", "h3", "quic"]

_SPOKEN: Final[dict[Kind, str]] = {"tls": "TLS", "https": "HTTPS", "h3": "HTTP/3", "quic": "QUIC"}
"""How what listens calls each."""

MOST_CHAIN: Final = 40_000
MOST_KEY: Final = 16_000
"""Letters of what is given: ten large certificates and any key fit, and both into one body."""

_KEYS: Final = ("dns.certificate", "dns.certificate_key")

_ABOUT: Final = frozenset({"listening.taken", "listening.missing", "dns.certificate"})
"""Codes of the problems that belong here."""


class ListenerInfo(Output):
    """One way in."""

    kind: Kind
    key: str = Field(description="Where it stands in the settings.", examples=["dns.tls"])
    wanted: list[str] = Field(description="The addresses of the settings; none: it is off.")
    listening: list[str] = Field(description="Where it is answered on now, with the real ports.")
    queries: int = Field(description="How many came this way since the start.")


class CertificateDetails(CertificateInfo):
    """The certificate with all that devices look at."""

    subject: str
    begins: float = Field(description="In seconds since 1970.")
    pin: str = Field(description="The SHA-256 of its public key in base64, which others can pin.")
    authority: bool = Field(
        description="Whether it is of an authority that devices have to be told to trust."
    )


class GivenCertificate(Input):
    """A certificate for devices, with its key; neither is ever given back."""

    chain: str = Field(
        max_length=MOST_CHAIN,
        description="The certificate in PEM, with those of its issuers behind it.",
        examples=["-----BEGIN CERTIFICATE-----"],
    )
    key: str = Field(
        repr=False,
        max_length=MOST_KEY,
        description="Its private key in PEM, without a passphrase.",
        json_schema_extra={"writeOnly": True},
    )


class KeptCertificate(Output):
    """What was given."""

    names: list[str]
    issuer: str
    expires: float = Field(description="In seconds since 1970.")


class Listeners(Output):
    """Every way in."""

    listeners: list[ListenerInfo]
    names: list[str] = Field(description="By which devices reach this server, encrypted.")
    certificate: CertificateDetails | None
    problems: list[ProblemInfo] = Field(description="What is wrong with any of it.")


@operation("listeners.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> Listeners:
    """Show by which transports this server is asked, where, how often, by which certificate."""
    facts, dns = house.encrypted(), house.settings.settings.dns
    certificate = None
    if facts.certificate is not None:
        certificate = CertificateDetails(**facts.certificate, authority=bool(facts.authority))
    return Listeners(
        listeners=[_listener(house, dns, kind) for kind in ("plain", *_SPOKEN)],
        names=list(facts.names),
        certificate=certificate,
        problems=[each for each in problems_of(house) if each.code in _ABOUT],
    )


def _listener(house: House, dns: DnsSettings, kind: Kind) -> ListenerInfo:
    key, wanted, transports = _ways(dns)[kind]
    if kind == "plain":
        listening = house.status()["listen"]
    else:
        spoken = _SPOKEN[kind]
        listening = [where for over, where in house.encrypted().listening if over == spoken]
    return ListenerInfo(
        kind=kind,
        key=key,
        wanted=[str(each) for each in wanted],
        listening=list(listening),
        queries=sum(house.counters.transports[each] for each in transports),
    )


def _ways(dns: DnsSettings) -> dict[Kind, tuple[str, Sequence[object], tuple[str, ...]]]:
    """Each way's key of the settings, its addresses there, and what its queries are counted as."""
    return {
        "plain": ("dns.listen", dns.listen, ("udp", "tcp")),
        "tls": ("dns.tls", dns.tls, ("tls",)),
        "https": ("dns.https", dns.https, ("https",)),
        "h3": ("dns.http3", dns.https if dns.http3 else (), ("h3",)),
        "quic": ("dns.quic", dns.quic, ("quic",)),
    }


@operation(
    "listeners.give_certificate", Permission.SETTINGS_WRITE, changes=True, audited=frozenset()
)
async def give_certificate(house: House, actor: Actor, given: GivenCertificate) -> KeptCertificate:
    """Give the certificate that encrypted DNS shows, and its key.

    Both are checked, kept in the data folder for the server alone, and shown to devices at once, in
    the place of those before; the settings name them. Where the settings file does, it is refused.
    """
    dns, path = house.settings.settings.dns, house.certificates.path
    wanted = [Change(key, "", "set", str(path)) for key in _KEYS]
    is_named = (dns.certificate, dns.certificate_key) == (path, path)
    if not is_named:  # before anything is written
        await house.settings.change(wanted, actor, dry_run=True)
    try:
        facts = await house.certificates.keep(given.chain.encode(), given.key.encode())
    except CertificateError as error:
        raise refusal("invalid", "certificate_invalid", str(error)) from error
    if not is_named:
        try:
            await house.settings.change(wanted, actor, note="a certificate was given")
        except SinkholeError:
            await house.certificates.forget()
            raise
    return KeptCertificate.model_validate(facts)
