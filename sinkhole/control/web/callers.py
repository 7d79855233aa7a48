"""Who asks: from a connection, a token or a cookie to an actor."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from typing import Final

from aiohttp import web

from sinkhole.control.identity.identity import Identity
from sinkhole.control.web.approach import Approach
from sinkhole.control.web.cookies import session_of
from sinkhole.control.web.refusals import Refused
from sinkhole.model.actor import Actor, Permission

EVERYTHING: Final = frozenset(Permission)
_PEER: Final = struct.Struct("3i")
_BEARER: Final = {"WWW-Authenticate": "Bearer"}


class Callers:
    """Tells who asks. Made in a thread: it looks up a name in the machine's list of users."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        service = os.geteuid()
        self._users = {0: "root", service: _name_of(service)}

    def actor_of(self, request: web.Request, approach: Approach) -> Actor | None:
        """Who asks, None for nobody known; Refused for a token that is none, or a user of this
        machine who has no business at the socket."""
        if approach.is_socket:
            return self._of_socket(request)
        words = request.headers.getall("Authorization", [])
        if words:
            return self._of_token(words, approach)
        secret = session_of(request, approach)
        actor = self._identity.of_session(secret, approach.address) if secret else None
        return actor or self.at_this_machine(approach)

    def at_this_machine(self, approach: Approach) -> Actor | None:
        """Whoever asks from here while there is no account; None for everybody else."""
        if not approach.is_local or self._identity.has_accounts:
            return None
        return Actor("loopback", "this machine", EVERYTHING, address=approach.address)

    def nobody(self) -> Refused:
        """What those are told who have to say who they are."""
        if self._identity.has_accounts:
            text = 'sign in, or send a token as "Authorization: Bearer ..."'
            return Refused(401, "sign_in_needed", text, headers=_BEARER)
        return Refused(
            401,
            "account_needed",
            "there is no account yet: type `sudo sinkhole account add NAME` on the server, or open "
            "the page and make one with the code that the server's log shows",
            headers=_BEARER,
        )

    def _of_socket(self, request: web.Request) -> Actor:
        sock = request.get_extra_info("socket")
        _, user, _ = _PEER.unpack(
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        )
        if user not in self._users:
            text = "only root and the user whom the server runs as may use this socket: use sudo"
            raise Refused(403, "not_this_user", text)
        return Actor("socket", self._users[user], EVERYTHING)

    def _of_token(self, words: list[str], approach: Approach) -> Actor:
        scheme, _, secret = words[0].partition(" ")
        actor = None
        if len(words) == 1 and scheme.lower() == "bearer" and secret.strip():
            actor = self._identity.of_token(secret.strip(), approach.address)
        if actor is None:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            text = "this token is not known, was revoked or has expired"
            raise Refused(401, "token_invalid", text, headers=headers)
        return actor


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # as in containers that run as a number
        return f"user {user}"
