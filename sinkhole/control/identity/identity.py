"""From a password, a cookie or a token to an actor; `state` keeps it, this decides.

Whatever is asked for every request (`of_session`, `of_token`) is answered from memory.
"""

from __future__ import annotations

from typing import NamedTuple

from sinkhole.control.state.state import State
from sinkhole.model.actor import Actor


class SignedIn(NamedTuple):
    """A new session: its secret is for the cookie and nowhere else."""

    secret: str
    actor: Actor


class Identity:
    """Accounts, sessions and tokens of one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def has_accounts(self) -> bool:
        """Whether anybody can sign in; without, this machine itself needs no account."""
        raise NotImplementedError

    @property
    def first_code(self) -> str:
        """The one-time code for the first account, "" once there is one."""
        raise NotImplementedError

    async def make_first(self, code: str, name: str, password: str, address: str) -> SignedIn:
        """Make the first account, an admin; RequestError for a wrong code, or where there is one
        already."""
        raise NotImplementedError

    async def sign_in(
        self, name: str, password: str, second: str, address: str, agent: str, device: str = ""
    ) -> SignedIn:
        """A session for a name and a password, and a second factor where the account has one.

        RequestError: "unauthenticated" (code `wrong_credentials`, the same for an unknown name and
        as slow; `second_factor_needed`), "too_many" (code `locked_out`, `retry_after_s` in more).
        """
        raise NotImplementedError

    def of_session(self, secret: str, address: str) -> Actor | None:
        """Who a cookie stands for, None for nobody; notes that the session was used."""
        raise NotImplementedError

    def of_token(self, secret: str, address: str) -> Actor | None:
        """Who a bearer token stands for, None for nobody; notes that it was used."""
        raise NotImplementedError

    async def sign_out(self, actor: Actor) -> None:
        """End the session of an actor."""
        raise NotImplementedError
