"""The server's side of a connection, which tells the name that the client asked for (SNI).

The library reads that name, and forgets it. So its first message is read once more here.
"""

from __future__ import annotations

from typing import Any

from qh3 import tls
from qh3.quic.connection import QuicConnection
from qh3.quic.tls_bridge import QuicTlsBridge


class AcceptedConnection(QuicConnection):
    """As QuicConnection; `server_name` is "" until the client said one."""

    server_name = ""

    def _create_tls(self, remote_source_cid: bytes | None) -> QuicTlsBridge:
        bridge = super()._create_tls(remote_source_cid)
        context: Any = bridge.tls
        handle = context._server_handle_hello

        def read_and_handle(message: Any, *outgoing: Any) -> None:
            hello = tls.pull_client_hello(type(message)(data=message.raw_data))
            self.server_name = hello.server_name or ""
            handle(message, *outgoing)

        context._server_handle_hello = read_and_handle
        return bridge
