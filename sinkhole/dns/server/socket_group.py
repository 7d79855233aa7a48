"""Several sockets on one address and port, one for each process that answers there.

They are held here as well as by those processes: what waits in a socket outlives the process that
was to take it, and is the next one's.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence

from sinkhole.dns.server.sockets import Bound, ListenError, bind_beside
from sinkhole.dns.server.steering import attach, attach_dice, detach
from sinkhole.model.shared_port import share_port

log = logging.getLogger(__name__)


class SocketGroup:
    """The sockets of one `bound` one, with `others` that share its port already; all are taken
    over. `spread` over how many, then `close`.

    Where `is_plain`, DNS over UDP goes by the names in queries, see `steering`; TCP by chance, and
    what else comes over UDP by the address of who sends it.
    """

    def __init__(
        self, bound: Bound, others: Sequence[socket.socket] = (), *, is_plain: bool = False
    ) -> None:
        self.bound = bound
        self.is_plain = is_plain
        self._others = list(others)
        self._count = 1

    def spread(self, count: int) -> None:
        """Have what comes from now on go to so many sockets.

        Others that there are get nothing more, but are kept until `trim`, for what waits there.
        Where the system has no such sockets, one does for all.
        """
        while len(self._others) < count - 1:
            try:
                self._others.append(bind_beside(self.bound).sock)
            except (ListenError, OSError) as error:
                log.warning("one socket has to do for %d processes: %s", count, error)
                break
        self._count = min(count, 1 + len(self._others))
        if self.bound.transport == "TCP":
            attach_dice(self.bound.sock, self._count)
        elif self.is_plain or self._count == 1:
            attach(self.bound.sock, self._count)
        else:
            detach(self.bound.sock)

    def trim(self) -> None:
        """Close the sockets that nothing is given any more."""
        while len(self._others) >= self._count:
            self._others.pop().close()
        if not self._others and self.bound.sock.fileno() >= 0:
            share_port(self.bound.sock, is_shared=False)

    def socket_for(self, slot: int) -> socket.socket:
        """The socket of the process with this number, from 0 on."""
        return [self.bound.sock, *self._others][slot % self._count]

    def left(self) -> tuple[Bound, list[socket.socket]]:
        """Copies of all of them, for a program that follows this one."""
        return self.bound._replace(sock=self.bound.sock.dup()), [
            each.dup() for each in self._others
        ]

    def close(self) -> None:
        """Close all of them."""
        for each in (self.bound.sock, *self._others):
            each.close()
