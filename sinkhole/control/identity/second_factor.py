"""A second factor for an account: set up, asked for, given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sinkhole.control.identity import totp
from sinkhole.control.state.people import Account, People
from sinkhole.model.errors import RequestError


class Enrolment(NamedTuple):
    """What an app needs to show codes: the secret, and the same for a QR code."""

    secret: str
    uri: str


class SecondFactor:
    """The second factors of one state; `clock` is the wall's."""

    def __init__(self, people: People, clock: Callable[[], float]) -> None:
        self._people = people
        self._clock = clock

    async def enrol(self, account: Account) -> Enrolment:
        """A new secret, which counts once a code of it was given to `confirm`."""
        secret = totp.new_secret()

        def make(known: Account | None) -> Account:
            present = _present(known)
            if present.confirmed:
                text = "there is a second factor already: give it up first"
                raise RequestError("conflict", "second_factor_is_on", text)
            return present._replace(secret=secret)

        await self._people.put_account(account.id, make)
        return Enrolment(secret, totp.uri(secret, account.name))

    async def confirm(self, account: Account, code: str) -> list[str]:
        """Switch the second factor on, by a code of the secret that was shown last; the recovery
        codes, which are shown now and never again."""
        codes = totp.new_recovery_codes()

        def make(known: Account | None) -> Account:
            present = _present(known)
            if present.confirmed or not present.secret:
                text = "there is no second factor to confirm: begin again"
                raise RequestError("conflict", "nothing_to_confirm", text)
            counter = self._checked(present, code)
            hashes = tuple(map(totp.hashed, codes))
            return present._replace(confirmed=True, counter=counter, recovery=hashes)

        await self._people.put_account(account.id, make)
        return codes

    async def disable(self, account: Account) -> None:
        """Give the second factor up, with its recovery codes; nothing happens without one."""

        def make(known: Account | None) -> Account:
            return _present(known)._replace(secret="", confirmed=False, counter=0, recovery=())

        await self._people.put_account(account.id, make)

    async def renew_recovery(self, account: Account) -> list[str]:
        """Recovery codes in place of those there are, shown now and never again."""
        codes = totp.new_recovery_codes()

        def make(known: Account | None) -> Account:
            present = _present(known)
            if not present.confirmed:
                text = "there is no second factor, so there is nothing to recover"
                raise RequestError("conflict", "second_factor_is_off", text)
            return present._replace(recovery=tuple(map(totp.hashed, codes)))

        await self._people.put_account(account.id, make)
        return codes

    def spent(self, account: Account, code: str) -> Account | None:
        """The account once it has used a code of its app, or for recovery; None for a wrong one."""
        counter = totp.accept(account.secret, code, self._clock(), account.counter)
        if counter is not None:
            return account._replace(counter=counter)
        left = totp.without(account.recovery, code)
        return None if left is None else account._replace(recovery=left)

    def wrong_code(self) -> RequestError:
        """What to tell whoever gave a wrong code: also the time, as a clock may be to blame."""
        shown = totp.clock_text(self._clock())
        return RequestError(
            "unauthenticated",
            "wrong_second_factor",
            f"this code is wrong, or was used already. Codes go by the time: this server's clock "
            f"shows {shown}. A recovery code does without a clock",
            {"server_time": self._clock()},
        )

    def _checked(self, account: Account, code: str) -> int:
        wall_s = self._clock()
        counter = totp.accept(account.secret, code, wall_s, 0)
        if counter is not None:
            return counter
        error_s = totp.clock_error_s(account.secret, code, wall_s)
        shown = totp.clock_text(wall_s)
        if error_s is None:
            text = f"this code is wrong. This server's clock shows {shown}: is that the time?"
            raise RequestError("invalid", "wrong_code", text)
        way = "behind" if error_s > 0 else "ahead of"
        text = (
            f"this server's clock, which shows {shown}, is {abs(error_s)} seconds {way} the one "
            "that made this code: set the wrong one of them right and try again"
        )
        raise RequestError("invalid", "clock_is_off", text, {"clock_error_s": error_s})


def _present(account: Account | None) -> Account:
    if account is None:
        raise RequestError("not_found", "no_such_account", "there is no such account any more")
    return account
