"""The certificate in use: watched on the disk, and taken over from there without a restart.

A pair that is no better than the one in use is left alone and complained of. So a renewal that is
half done, or went wrong, costs nothing until the old certificate expires.
"""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from sinkhole.app.server_certificate import ServerCertificate, read_pair
from sinkhole.control.lists.file_watch import FileWatch
from sinkhole.model.errors import CertificateError, SinkholeError
from sinkhole.model.faults import Faults
from sinkhole.model.files import Signature, signature_of
from sinkhole.model.status import CertificateDetails, CertificateStatus

log = logging.getLogger(__name__)

LOOK_S: Final = 60.0
"""How often the files are looked at where the kernel does not tell of changes."""

_DAY_S: Final = 86_400.0
_Signatures = tuple[Signature | None, Signature | None]

OnChange = Callable[[ServerCertificate], None]
"""Uses a certificate from now on. Raises SinkholeError, in words, where it cannot."""


class Certificates:
    """Keeps the best pair that the two files have had; `current` is None while there was none.

    `clock` is the wall's, which certificates go by.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        *,
        clock: Callable[[], float] = time.time,
        faults: Faults | None = None,
    ) -> None:
        self.current: ServerCertificate | None = None
        self._paths = (certificate, key)
        self._clock = clock
        self._faults = faults or Faults()
        self._users: list[OnChange] = []
        self._seen: _Signatures | None = None
        self._problem = ""
        self._unused: list[str] = []
        """Why some of its users cannot use the one in use."""

    def on_change(self, use: OnChange) -> None:
        """Tell of every certificate that is taken over from now on, and of the one in use."""
        self._users.append(use)
        if self.current is not None:
            self._hand(use, self.current)

    def hand_to(self, users: Iterable[OnChange]) -> None:
        """Tell these, and nobody else from now on."""
        self._users, self._unused = [], []
        for use in users:
            self.on_change(use)

    async def look(self) -> None:
        """Take over what is in the files, if they have changed and it is right."""
        seen = await asyncio.to_thread(self._signatures)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            pair = await asyncio.to_thread(read_pair, *self._paths)
        except CertificateError as error:
            self._refuse(str(error))
        else:
            self._judge(pair)

    async def run(self) -> None:
        """Look now, and whenever something changes, until cancelled."""
        watch = FileWatch(asyncio.Event())
        folders = {path.parent for path in self._paths}
        try:
            while True:
                # Followed first: what changes while we look is seen the next time.
                await asyncio.to_thread(watch.follow, None, self._paths, folders)
                await self.look()
                await watch.wait(LOOK_S)
        finally:
            watch.close()

    @property
    def trouble(self) -> str:
        """Why the pair in the files is not in use, "" where it is."""
        return self._problem

    def problems(self) -> list[str]:
        """What the person running sinkhole should know, one sentence each."""
        found = [f"the certificate: {self._problem}"] if self._problem else []
        found += self._unused
        if self.current is not None:
            complaints = self.current.complaints(self._clock())
            found += [f"the certificate in {self._paths[0]} {each}" for each in complaints]
        elif not found:
            found.append("the certificate: it has not been read yet")
        return found

    def status(self) -> CertificateStatus | None:
        """What people and monitoring are shown of the one in use; None while there is none."""
        if self.current is None:
            return None
        leaf, left_s = self.current.leaf, self.current.left_s(self._clock())
        return {
            "names": list(leaf.names),
            "issuer": leaf.issuer,
            "expires": leaf.not_after.timestamp(),
            "days_left": int(left_s // _DAY_S),
        }

    def details(self) -> CertificateDetails | None:
        """All of the one in use that people ask for; None while there is none."""
        status, pair = self.status(), self.current
        if status is None or pair is None:
            return None
        return {
            **status,
            "subject": pair.leaf.subject,
            "begins": pair.leaf.not_before.timestamp(),
            "pin": b64encode(pair.leaf.key_sha256).decode(),
        }

    def _signatures(self) -> _Signatures:
        certificate, key = self._paths
        return signature_of(certificate), signature_of(key)

    def _judge(self, pair: ServerCertificate) -> None:
        now, before = self._clock(), self.current
        flaws = pair.flaws(now)
        if before is not None and flaws and not before.flaws(now):
            self._refuse(f"{self._paths[0]} {' and '.join(flaws)}")
            return
        is_news = before is None or before.chain != pair.chain or bool(self._problem)
        self._problem, self._unused = "", []
        self.current = pair
        if is_news:  # also that what was complained of is over
            named = ", ".join(pair.leaf.names) or pair.leaf.subject
            log.info("certificate in use: %s, until %s", named, f"{pair.leaf.not_after:%Y-%m-%d}")
        for use in self._users:
            self._hand(use, pair)

    def _refuse(self, why: str) -> None:
        after = "the one before it stays in use" if self.current else "there is none to use instead"
        self._problem = f"{why}; {after}"
        log.warning("the certificate: %s", self._problem)

    def _hand(self, use: OnChange, pair: ServerCertificate) -> None:
        with self._faults.contain("using a certificate"):
            try:
                use(pair)
            except SinkholeError as error:
                self._unused.append(str(error))
                log.warning("%s", error)
