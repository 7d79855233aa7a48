"""The encrypted listeners of the settings, and the certificate that they show."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
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
from sinkhole.dns.server.encrypted import EncryptedListeners, EncryptedTerms, Places
from sinkhole.dns.server.listeners import Listeners
from sinkhole.model.faults import Faults
from sinkhole.model.status import CertificateStatus, EncryptedStatus

if TYPE_CHECKING:
    from sinkhole.dns.server.quic_terms import QuicTerms

log = logging.getLogger(__name__)

NO_QUIC: Final = (
    "dns.quic and dns.http3 need more than is installed: `pip install 'sinkhole[encrypted]'`, or "
    "set dns.http3 to false. Until then DNS is not answered by QUIC"
)


class Encrypted:
    """DNS over TLS, HTTPS and QUIC on `dns`, as the settings want it; nothing where they don't.

    To be made before `dns` is bound. `start` reads the certificate, and watches it until `close`.
    `page` makes what speaks HTTP/1.1 for the page, where that is to be served as well.
    `on_certificate` is told of every certificate that is taken over, and of other settings.
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
        self._on_certificate = on_certificate
        self._listeners = EncryptedListeners(dns, faults, page)
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
        if self._listeners.lacks_quic and encrypted_terms(self._settings).wants_quic:
            found.append(NO_QUIC)
        return found

    def status(self) -> CertificateStatus | None:
        """The certificate in use; None where there is none."""
        return self.certificates.status() if self.certificates is not None else None

    def facts(self) -> EncryptedStatus:
        """How devices reach this server, but for where it listens."""
        pair, certificates = self._shown.current, self.certificates
        return EncryptedStatus(
            self.names,
            certificates.details() if certificates is not None else None,
            pair.authority if pair is not None else b"",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """By which devices reach this server: those of the settings, else of the certificate."""
        pair = self._shown.current
        if self._settings.names or pair is None:
            return self._settings.names
        return pair.host_names

    @property
    def pair(self) -> tuple[bytes, bytes]:
        """The certificate in use with its chain, and its key, in PEM; empty where there is none."""
        pair = self._shown.current
        return (pair.chain_pem, pair.key_pem) if pair is not None else (b"", b"")

    def designated(self) -> Designated | None:
        """What clients are told of it; None while there is no certificate that they could trust."""
        pair = self._shown.current
        if pair is None or pair.left_s(time.time()) <= 0:
            return None
        names = [name for name in self.names if pair.leaf.is_for(name)]
        return Designated(services(self._settings, names, quic=not self._listeners.lacks_quic))

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
            self._listeners.show(lambda: None)
        self._assign()
        self._on_certificate()

    def _assign(self) -> None:
        """Have listeners go by the settings in force."""
        self._listeners.use(encrypted_terms(self._settings, self.names))

    def _users(self) -> Iterator[OnChange]:
        """Who shows the certificate, and who has to be told behind them."""
        yield self._use_tls
        yield from map(_use_quic, self._listeners.by_quic.values())
        yield lambda _: self._on_certificate()

    def _use_tls(self, certificate: ServerCertificate) -> None:
        self._assign()  # as the names may be those of the certificate
        self._listeners.show(certificate.context)

    def addresses(self, settings: DnsSettings) -> list[ListenAddress]:
        """What these settings want listened to; imports what that takes."""
        listeners = self._listeners
        could, known = not listeners.lacks_quic, len(listeners.by_quic)
        found = listeners.addresses(encrypted_terms(settings))
        if could and listeners.lacks_quic:
            log.warning("%s", NO_QUIC)
        if len(listeners.by_quic) > known and self._shown.current is not None:
            self._shown.hand_over()
        return found


def encrypted_terms(settings: DnsSettings, names: tuple[str, ...] = ()) -> EncryptedTerms:
    """What the settings want, for the DNS plane; `names` are those by which devices reach us."""
    return EncryptedTerms(
        _places(settings.tls),
        _places(settings.https),
        _places(settings.quic),
        settings.http3,
        settings.https_page,
        names,
    )


def _use_quic(terms: QuicTerms) -> OnChange:
    return lambda certificate: terms.use(certificate.chain_pem, certificate.key_pem)


def _terms(settings: DnsSettings) -> tuple[object, ...]:
    """All that this is about."""
    where = settings.tls, settings.https, settings.quic
    return (*where, settings.http3, settings.https_page, settings.names, *_files(settings))


def _files(settings: DnsSettings) -> Files:
    return settings.certificate, settings.certificate_key


def _places(endpoints: tuple[Endpoint, ...]) -> Places:
    return tuple((each.host, each.port) for each in endpoints)
