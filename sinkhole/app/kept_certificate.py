"""A certificate for devices that was given to the server, instead of lying in files of others.

It lies in the data folder with its key, both in one file, so that the two are replaced together;
whoever watches the files of the settings takes it up from there.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from sinkhole.app.server_certificate import pair_of
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, write_atomically
from sinkhole.model.status import CertificateFacts

FILE_NAME: Final = "certificate.pem"


class KeptCertificate:
    """The one in `data_dir`, if any was given."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir.absolute() / FILE_NAME
        self._writing = asyncio.Lock()

    async def keep(self, chain: bytes, key: bytes) -> CertificateFacts:
        """Check a certificate with its chain, and its key, both in PEM, and put them in the place
        of those there are; what is in it.

        Raises CertificateError for what cannot be shown to devices and StorageError where it cannot
        be written; then all is as it was.
        """
        async with self._writing:
            return await asyncio.to_thread(self._keep, chain, key)

    async def forget(self) -> None:
        """Remove it, as nothing came of it."""
        await asyncio.to_thread(self.path.unlink, missing_ok=True)

    def _keep(self, chain: bytes, key: bytes) -> CertificateFacts:
        pair = pair_of(chain, key)
        try:
            write_atomically(self.path, [pair.chain_pem, pair.key_pem], mode=PRIVATE)
        except OSError as error:
            why = error.strerror or str(error)
            raise StorageError(f"{self.path} cannot be written: {why}") from None
        leaf = pair.leaf
        return {
            "names": list(leaf.names),
            "issuer": leaf.issuer,
            "expires": leaf.not_after.timestamp(),
        }
