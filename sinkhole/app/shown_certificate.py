"""The certificate that listeners show: watched while they do, and another one by other settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from sinkhole.app.certificates import Certificates, OnChange
from sinkhole.app.change import Change
from sinkhole.app.server_certificate import ServerCertificate
from sinkhole.model.errors import SettingsError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

MOST_WATCHES: Final = 4
"""Pairs of files that are watched while one follows another."""

Files = tuple[Path | None, Path | None]
"""The certificate with its chain, and its key; None and None for no certificate."""


class ShownCertificate:
    """What is in the two `files`, from `start` to `close`; `users` tells who uses it now.

    `key` is that of the settings which names the certificate's.
    """

    def __init__(
        self, files: Files, key: str, users: Callable[[], Iterable[OnChange]], faults: Faults
    ) -> None:
        self.certificates = self._of(files, faults)
        self._files = files
        self._key = key
        self._users = users
        self._faults = faults
        self._tasks = Tasks(key, limit=MOST_WATCHES, faults=faults)
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read it, and take over each new one."""
        if self.certificates is not None:
            await self.certificates.look()
        self.hand_over()

    async def close(self) -> None:
        """Watch no more."""
        await self._tasks.close()

    @property
    def current(self) -> ServerCertificate | None:
        """The one in use."""
        return self.certificates.current if self.certificates is not None else None

    @property
    def problems(self) -> list[str]:
        """What the person running sinkhole should know, one sentence each."""
        return self.certificates.problems() if self.certificates is not None else []

    def hand_over(self) -> None:
        """Give those who use it the one in use, and each that follows."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self.certificates is not None:
            self.certificates.hand_to(self._users())
            self._watch = self._tasks.keep("watch", self.certificates.run)

    async def prepare(self, files: Files, change: Change) -> Certificates | None:
        """What is in other files, read; a SettingsError where that is nothing to be shown, unless
        it may be waited for. To be given to `use`."""
        if files == self._files:
            return self.certificates
        certificates = self._of(files, self._faults)
        if certificates is not None:
            await certificates.look()
            if certificates.current is None and not change.patient:
                raise SettingsError([f"{self._key}: {certificates.trouble}"])
        return certificates

    def use(self, files: Files, certificates: Certificates | None) -> None:
        """Show the one of these files from now on."""
        self._files = files
        if certificates is not self.certificates:
            self.certificates = certificates
            self.hand_over()

    @staticmethod
    def _of(files: Files, faults: Faults) -> Certificates | None:
        certificate, key = files
        if certificate is None or key is None:
            return None
        return Certificates(certificate, key, faults=faults)
