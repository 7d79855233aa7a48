"""On which terms QUIC is spoken: with which certificate, for which protocols, by which names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from cryptography.hazmat.primitives import serialization as form

from sinkhole.dns.quic.connection import configuration
from sinkhole.dns.quic.retry import RetryTokens
from sinkhole.model.errors import SinkholeError
from sinkhole.model.own_secret import OWN_SECRET

IDLE_S: Final = 30.0
"""What clients are told of how long a connection is kept that nobody uses."""

STREAM_SIZE: Final = 16 * 1024
"""Bytes that a client may send on a stream before they are read, four times as many on all."""

_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)


class QuicTerms:
    """The terms of one kind of listener, looked up for every new connection: what `use` sets counts
    at once, and changes nothing for those there are.

    `protocols` are what is spoken over it, for ALPN, the best first: "doq" and "h3".
    """

    def __init__(self, protocols: Sequence[str], names: Sequence[str] = ()) -> None:
        self.protocols = tuple(protocols)
        self.names = tuple(names)
        """Our names, lower-cased: a label in front of one is the id of a client."""
        self.tokens = RetryTokens(OWN_SECRET)
        """By which clients prove their address."""
        self.configuration: Any = None
        """What the library wants; None while there is no certificate: then nobody is answered."""

    def use(self, certificates: bytes, key: bytes) -> None:
        """Speak with a certificate, its chain behind it, and its key, both PEM.

        Raises SinkholeError, in words, when the library cannot use them; the old ones stay then.
        """
        made = configuration(
            self.protocols, is_client=False, idle_s=IDLE_S, stream_size=STREAM_SIZE
        )
        try:
            # The library reads PKCS#8, and certificates with nothing between or around them.
            plain = form.load_pem_private_key(key, None).private_bytes(
                form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
            )
            made.load_cert_chain(b"\n".join([*_CERTIFICATE.findall(certificates), b""]), plain)
        except Exception as error:  # of two libraries, which raise what comes to them
            raise SinkholeError(
                f"the certificate and its key cannot be used for QUIC: {error}"
            ) from error
        self.configuration = made
