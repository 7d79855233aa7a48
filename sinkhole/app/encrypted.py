"""The encrypted listeners of the settings, and the certificate that they show."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from sinkhole.app.certificates import Certificates, OnChange
from sinkhole.app.change import Change
from sinkhole.app.designation import services
from sinkhole.app.server_certificate import ServerCertificate
from sinkhole.app.shown_certificate import Files, ShownCertificate
from sinkhole.control.settings import Endpoint
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.server.address import ListenAddress
from sinkhole.dns.server.doh import Service
from sinkhole.dns.server.https import PROTOCOLS, https_listener
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.server.tls import DOT, tls_listener
from sinkhole.dns.server.tls_terms import TlsTerms
from sinkhole.model.faults import Faults
from sinkhole.model.status import CertificateStatus

if TYPE_CHECKING:
    from sinkhole.dns.server.quic_terms import QuicTerms

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
    `on_certificate` is told of every certificate that is taken over, and of other settings. What
    listeners go by (`TlsTerms`, `QuicTerms`, `Service`) is made once and assigned to, so those that
    stay keep their connections.
    """

    def __init__(
        self,
        settings: DnsSettings,
        dns: Listeners,
        faults: Faults,
        page: Callable[[], asyncio.Protocol],
        on_certificate: Callable[[], None],
    ) -> None:
        self._shown = ShownCertificate(_files(settings), "dns.certificate", self._users, faults)
        self._settings = settings
        self._dns = dns
        self._faults = faults
        self._page = page
        self._on_certificate = on_certificate
        self._tls, self._https = TlsTerms([DOT]), TlsTerms(PROTOCOLS)
        self._service = Service()
        self._quic: dict[str, QuicTerms] = {}
        self._problem = ""
        dns.add(self.addresses(settings))
        self._assign()

    async def start(self) -> None:
        """Read the certificate, and take over each new one."""
        await self._shown.start()

    async def close(self) -> None:
        """Watch no more."""
        await self._shown.close()

    @property
    def certificates(self) -> Certificates | None:
        """Those in the files of the settings; None where there are none."""
        return self._shown.certificates

    @property
    def problems(self) -> list[str]:
        """What the person running sinkhole should know, one sentence each."""
        found = [
            *self._shown.problems,
            *(
                f"dns.names has {name}, which the certificate is not for: devices refuse it there"
                for name in self._settings.names
                if not self._is_for(name)
            ),
        ]
        return [*found, self._problem] if self._problem and self._wants_quic else found

    def status(self) -> CertificateStatus | None:
        """The certificate in use; None where there is none."""
        return self.certificates.status() if self.certificates is not None else None

    @property
    def names(self) -> tuple[str, ...]:
        """By which devices reach this server: those of the settings, else of the certificate."""
        pair = self._shown.current
        if self._settings.names or pair is None:
            return self._settings.names
        return pair.host_names

    def designated(self) -> Designated | None:
        """What clients are told of it; None while there is no certificate that they could trust."""
        pair = self._shown.current
        if pair is None or pair.left_s(time.time()) <= 0:
            return None
        names = [name for name in self.names if pair.leaf.is_for(name)]
        return Designated(services(self._settings, names, quic=not self._problem))

    def _is_for(self, name: str) -> bool:
        """Whether the certificate in use is for a name; True while there is none."""
        pair = self._shown.current
        return pair is None or pair.leaf.is_for(name)

    # -- other settings --------------------------------------------------------------------

    async def prepare(self, new: DnsSettings, change: Change) -> None:
        """Read another certificate, and go over to other terms along with all else."""
        if _terms(new) == _terms(self._settings):
            return
        certificates = await self._shown.prepare(_files(new), change)
        before = self._settings, self.certificates
        change.exchange(lambda made: self._use(*made), (new, certificates), before)

    def _use(self, settings: DnsSettings, certificates: Certificates | None) -> None:
        self._settings = settings
        self._shown.use(_files(settings), certificates)
        if certificates is None:
            self._tls.ssl_context = self._https.ssl_context = None
        self._assign()
        self._on_certificate()

    def _assign(self) -> None:
        """Have listeners go by the settings in force."""
        settings, names = self._settings, self.names
        self._service.page = self._page if settings.https_page else None
        self._service.alt_svc = _alt_svc(settings)
        self._tls.names = self._https.names = names
        for terms in self._quic.values():
            terms.names = names

    def _users(self) -> Iterator[OnChange]:
        """Who shows the certificate, and who has to be told behind them."""
        yield self._use_tls
        yield from map(self._use_quic, self._quic.values())
        yield lambda _: self._on_certificate()

    def _use_tls(self, certificate: ServerCertificate) -> None:
        self._assign()  # as the names may be those of the certificate
        self._tls.ssl_context = certificate.context()
        self._https.ssl_context = certificate.context()

    def _use_quic(self, terms: QuicTerms) -> OnChange:
        return lambda certificate: terms.use(certificate.chain_pem, certificate.key_pem)

    # -- listeners -------------------------------------------------------------------------

    def addresses(self, settings: DnsSettings) -> list[ListenAddress]:
        """What these settings want listened to; imports what that takes."""
        door, other = self._dns.door, self._dns.other
        by_tls = partial(tls_listener, door, self._tls, faults=self._faults)
        by_https = partial(https_listener, door, self._https, self._service, self._faults)
        found = other(_places(settings.tls), "TCP", by_tls, "TLS", "dns.tls")
        found += other(_places(settings.https), "TCP", by_https, "HTTPS", "dns.https")
        if settings.quic:
            found += self._by_quic(settings.quic, "doq", "QUIC", "dns.quic")
        if settings.https and settings.http3:
            found += self._by_quic(settings.https, "h3", "HTTP/3", "dns.https")
        return found

    def _by_quic(
        self, places: tuple[Endpoint, ...], protocol: str, over: str, key: str
    ) -> list[ListenAddress]:
        try:
            from sinkhole.dns.server.quic import QuicListener
            from sinkhole.dns.server.quic_terms import QuicTerms
        except ImportError:
            if not self._problem:
                log.warning("%s", NO_QUIC)
            self._problem = NO_QUIC
            return []
        terms = self._quic.get(protocol)
        if terms is None:
            terms = self._quic[protocol] = QuicTerms([protocol], self.names)
            if self._shown.current is not None:
                self._shown.hand_over()
        make = partial(QuicListener, self._dns.door, terms)
        return self._dns.other(_places(places), "UDP", make, over, key)

    @property
    def _wants_quic(self) -> bool:
        settings = self._settings
        return bool(settings.quic or (settings.https and settings.http3))


def _terms(settings: DnsSettings) -> tuple[object, ...]:
    """All that this is about."""
    where = settings.tls, settings.https, settings.quic
    return (*where, settings.http3, settings.https_page, settings.names, *_files(settings))


def _files(settings: DnsSettings) -> Files:
    return settings.certificate, settings.certificate_key


def _alt_svc(settings: DnsSettings) -> bytes:
    ports = dict.fromkeys(each.port for each in settings.https if each.port)
    if not settings.http3 or not ports:
        return b""
    return ", ".join(f'h3=":{port}"; ma={ALT_SVC_S}' for port in ports).encode()


def sockets_of(settings: DnsSettings) -> int:
    """How many sockets are listened on for encrypted transports, at most."""
    return len((*settings.tls, *settings.quic)) + len(settings.https) * (1 + settings.http3)


def _places(endpoints: tuple[Endpoint, ...]) -> list[tuple[str, int]]:
    return [(each.host, each.port) for each in endpoints]
