"""On which terms TLS is spoken: with which certificate, for which protocols, by which names."""

from __future__ import annotations

import ssl
from collections.abc import Sequence


class TlsSession(ssl.SSLObject):
    """The TLS of one connection, with the name that the client asked for (SNI), "" for none."""

    server_name = ""


class TlsTerms:
    """The terms of one kind of listener, looked up for every new connection: assigning counts at
    once, and changes nothing for those there are.

    `protocols` are what is spoken over it, for ALPN, the best first.
    """

    def __init__(self, protocols: Sequence[str], names: Sequence[str] = ()) -> None:
        self.names = tuple(names)
        """Our names, lower-cased: a label in front of one is the id of a client."""
        self._protocols = list(protocols)
        self._context: ssl.SSLContext | None = None

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """The certificate with its key; while there is none, connections are closed at once."""
        return self._context

    @ssl_context.setter
    def ssl_context(self, context: ssl.SSLContext | None) -> None:
        """Take one that nobody else uses: it is set up for these protocols."""
        if context is not None:
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
            context.num_tickets = 1
            context.set_alpn_protocols(self._protocols)
            context.sslobject_class = TlsSession
            context.sni_callback = _note_name
        self._context = context

    def begin(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> TlsSession | None:
        """The TLS of a new connection between two buffers, None without a certificate."""
        if self._context is None:
            return None
        session = self._context.wrap_bio(incoming, outgoing, server_side=True)
        assert isinstance(session, TlsSession)
        return session


def _note_name(session: ssl.SSLObject, server_name: str, context: ssl.SSLContext) -> None:
    if isinstance(session, TlsSession):
        session.server_name = server_name or ""
