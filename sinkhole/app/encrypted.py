"""The encrypted listeners of the settings, and the certificate that they show."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from sinkhole.app.certificates import Certificates
from sinkhole.app.designation import services
from sinkhole.app.server_certificate import ServerCertificate
from sinkhole.control.settings import Endpoint
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.server.doh import Service
from sinkhole.dns.server.https import PROTOCOLS, https_listener
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.server.tls import DOT, tls_listener
from sinkhole.dns.server.tls_terms import TlsTerms
from sinkhole.model.faults import Faults
from sinkhole.model.status import CertificateStatus
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

ALT_SVC_S: Final = 86_400
"""How long clients may remember that the same is served by HTTP/3 (RFC 7838 §3)."""

NO_QUIC: Final = (
    "dns.quic and dns.http3 need more than is installed: `pip install 'sinkhole[encrypted]'`, or "
    "set dns.http3 to false. Until then DNS is not answered by QUIC"
)


class Encrypted:
    """DNS over TLS, HTTPS and QUIC on `dns`, as the settings want it; nothing where they don't.

    To be made before `dns` is bound. `start` reads the certificate, and watches it until `close`.
    `page` makes what speaks HTTP/1.1 for the page, where that is to be served as well.
    """

    def __init__(
        self,
        settings: DnsSettings,
        dns: Listeners,
        faults: Faults,
        page: Callable[[], asyncio.Protocol] | None = None,
    ) -> None:
        self.certificates: Certificates | None = None
        self._settings = settings
        self._dns = dns
        self._faults = faults
        self._tasks = Tasks("certificate", limit=1, faults=faults)
        self._uses: list[Callable[[ServerCertificate], None]] = []
        self._problem = ""
        if settings.certificate is None or settings.certificate_key is None:
            return
        self.certificates = Certificates(
            settings.certificate, settings.certificate_key, faults=faults
        )
        self._listen_by_tls(page)
        if settings.quic or (settings.https and settings.http3):
            self._listen_by_quic()
        for use in self._uses:
            self.certificates.on_change(use)

    async def start(self) -> None:
        """Read the certificate, and take over each new one."""
        if self.certificates is not None:
            await self.certificates.look()
            self._tasks.keep("watch", self.certificates.run)

    async def close(self) -> None:
        """Watch no more."""
        await self._tasks.close()

    @property
    def problems(self) -> list[str]:
        """What the person running sinkhole should know, one sentence each."""
        found = self.certificates.problems() if self.certificates is not None else []
        found += [
            f"dns.names has {name}, which the certificate is not for: devices refuse it there"
            for name in self._settings.names
            if not self._is_for(name)
        ]
        return [*found, self._problem] if self._problem else found

    def status(self) -> CertificateStatus | None:
        """The certificate in use; None where there is none."""
        return self.certificates.status() if self.certificates is not None else None

    @property
    def names(self) -> tuple[str, ...]:
        """By which devices reach this server: those of the settings, else of the certificate."""
        if self._settings.names or self.certificates is None or self.certificates.current is None:
            return self._settings.names
        return self.certificates.current.host_names

    def designated(self) -> Designated | None:
        """What clients are told of it; None while there is no certificate that they could trust."""
        certificates = self.certificates
        pair = certificates.current if certificates is not None else None
        if pair is None or pair.left_s(time.time()) <= 0:
            return None
        names = [name for name in self.names if pair.leaf.is_for(name)]
        return Designated(services(self._settings, names, quic=not self._problem))

    def _is_for(self, name: str) -> bool:
        """Whether the certificate in use is for a name; True while there is none."""
        pair = self.certificates.current if self.certificates is not None else None
        return pair is None or pair.leaf.is_for(name)

    def on_certificate(self, use: Callable[[ServerCertificate], None]) -> None:
        """Tell of every certificate that is taken over from now on."""
        if self.certificates is not None:
            self.certificates.on_change(use)

    # -- listeners -------------------------------------------------------------------------

    def _listen_by_tls(self, page: Callable[[], asyncio.Protocol] | None) -> None:
        settings, door = self._settings, self._dns.door
        if settings.tls:
            terms = TlsTerms([DOT], settings.names)
            self._use_tls(terms)
            listener = tls_listener(door, terms, faults=self._faults)
            self._dns.add(_places(settings.tls), "TCP", listener, "TLS", "dns.tls")
        if settings.https:
            terms = TlsTerms(PROTOCOLS, settings.names)
            self._use_tls(terms)
            service = Service(page if settings.https_page else None, self._alt_svc())
            listener = https_listener(door, terms, service, self._faults)
            self._dns.add(_places(settings.https), "TCP", listener, "HTTPS", "dns.https")

    def _use_tls(self, terms: TlsTerms) -> None:
        def use(certificate: ServerCertificate) -> None:
            terms.names = self.names
            terms.ssl_context = certificate.context()

        self._uses.append(use)

    def _alt_svc(self) -> bytes:
        ports = dict.fromkeys(each.port for each in self._settings.https if each.port)
        if not self._settings.http3 or not ports:
            return b""
        return ", ".join(f'h3=":{port}"; ma={ALT_SVC_S}' for port in ports).encode()

    def _listen_by_quic(self) -> None:
        settings, door = self._settings, self._dns.door
        try:
            from sinkhole.dns.server.quic import QuicListener
            from sinkhole.dns.server.quic_terms import QuicTerms
        except ImportError:
            self._problem = NO_QUIC
            log.warning("%s", NO_QUIC)
            return

        def add(places: tuple[Endpoint, ...], protocol: str, over: str, key: str) -> None:
            terms = QuicTerms([protocol], settings.names)

            def use(certificate: ServerCertificate) -> None:
                terms.names = self.names
                terms.use(certificate.chain_pem, certificate.key_pem)

            self._uses.append(use)
            self._dns.add(_places(places), "UDP", QuicListener(door, terms), over, key)

        if settings.quic:
            add(settings.quic, "doq", "QUIC", "dns.quic")
        if settings.https and settings.http3:
            add(settings.https, "h3", "HTTP/3", "dns.https")


def sockets_of(settings: DnsSettings) -> int:
    """How many sockets are listened on for encrypted transports, at most."""
    return len((*settings.tls, *settings.quic)) + len(settings.https) * (1 + settings.http3)


def _places(endpoints: tuple[Endpoint, ...]) -> list[tuple[str, int]]:
    return [(each.host, each.port) for each in endpoints]
