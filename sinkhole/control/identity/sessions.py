"""Sessions: who signed in from where, until when; and devices that have signed in before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from sinkhole.control.identity.random_secret import digest, new_secret
from sinkhole.control.state.people import Account, Device, People, Session
from sinkhole.model.actor import PERMISSIONS, Actor
from sinkhole.model.errors import RequestError
from sinkhole.model.stamp import Stamp

IDLE_S: Final = 14 * 86_400.0
LONGEST_S: Final = 90 * 86_400.0
"""When a session ends that is not used, and when in any case, unless told."""

MOST_SESSIONS: Final = 50
MOST_DEVICES: Final = 20
"""Of one account; for a new one that goes which was not used for longest."""

_LONGEST_AGENT: Final = 200


class SignedIn(NamedTuple):
    """A new session: its secret is for the cookie and nowhere else.

    `device` is for a cookie that outlives the session: whoever has it signed in from there before.
    """

    secret: str
    actor: Actor
    device: str = ""


class Sessions:
    """The sessions of one state; `idle_s` and `longest_s` may change while it runs.

    No wall clock ends one, as long as the machine was not booted meanwhile. What can't be stored
    counts all the same, until a restart.
    """

    def __init__(self, people: People, now: Callable[[], Stamp]) -> None:
        self.idle_s = IDLE_S
        self.longest_s = LONGEST_S
        self._people = people
        self._now = now

    def of(self, account: int) -> list[Session]:
        """The sessions of an account that have not ended, the one used last first."""
        now = self._now()
        sessions = self._people.sessions.values()
        live = [each for each in sessions if each.account == account and self._is_live(each, now)]
        return sorted(live, key=lambda each: each.seen.elapsed_s(now))

    def signed_in_last(self, account: int) -> float | None:
        """When somebody signed in to an account last, in seconds since 1970; None for never, as
        far as its sessions and devices tell."""
        devices = (e.seen for e in self._people.devices.values() if e.account == account)
        sessions = (each.created.wall_s for each in self.of(account))
        return max((*devices, *sessions), default=None)

    def actor(self, secret: str, address: str) -> Actor | None:
        """Who a cookie stands for, None for nobody; notes that the session was used."""
        session, now = self._people.sessions.get(digest(secret)), self._now()
        if session is None or not self._is_live(session, now):
            return None
        account = self._people.accounts.get(session.account)
        if account is None:
            return None
        self._people.use_session(session, address, now)
        return _actor(account, session.id, address)

    def known_device(self, account: Account | None, secret: str) -> bool:
        """Whether somebody has signed in to this account with this device before."""
        device = self._people.devices.get(digest(secret))
        return device is not None and account is not None and device.account == account.id

    async def begin(self, account: Account, address: str, agent: str, device: str = "") -> SignedIn:
        """A new session of an account, on a device that is known by this secret, or on a new one.

        Sessions that are over end for good, and the oldest beyond MOST_SESSIONS.
        """
        now, secret, device = self._now(), new_secret(), device or new_secret()
        agent = "".join(each for each in agent if each.isprintable())[:_LONGEST_AGENT]
        session = Session(digest(secret), account.id, address, agent, now, now)
        live = {each.digest for each in self.of(account.id)[: MOST_SESSIONS - 1]}
        theirs = (e for e in self._people.sessions.values() if e.account == account.id)
        gone = [each.digest for each in theirs if each.digest not in live]
        used = Device(digest(device), account.id, now.wall_s)
        await self._people.sign_in(session, used, gone, self._old_devices(used))
        return SignedIn(secret, _actor(account, session.id, address), device)

    async def end(self, account: int, wanted: str) -> None:
        """End a session of an account by its id; RequestError ("not_found") where it has none."""
        sessions = self._people.sessions.values()
        ended = [each.digest for each in sessions if each.account == account and each.id == wanted]
        if not ended:
            raise RequestError("not_found", "no_such_session", "there is no such session any more")
        await self._people.end_sessions(ended)

    async def end_all(self, account: int) -> int:
        """Sign an account out everywhere, and make its devices strangers; how many sessions."""
        sessions = [e.digest for e in self._people.sessions.values() if e.account == account]
        devices = [e.digest for e in self._people.devices.values() if e.account == account]
        await self._people.end_sessions(sessions, devices)
        return len(sessions)

    def digest_of(self, actor: Actor) -> str:
        """Under which the session of an actor is stored, "" for who has none."""
        sessions = self._people.sessions.values() if actor.kind == "session" else ()
        wanted = (actor.account, actor.id)
        return next((e.digest for e in sessions if (e.account, e.id) == wanted), "")

    def _is_live(self, session: Session, now: Stamp) -> bool:
        idle_s, age_s = session.seen.elapsed_s(now), session.created.elapsed_s(now)
        return idle_s < self.idle_s and age_s < self.longest_s

    def _old_devices(self, new: Device) -> list[str]:
        """Those that are forgotten for a new one."""
        devices = self._people.devices.values()
        others = [e for e in devices if e.account == new.account and e.digest != new.digest]
        others.sort(key=lambda each: each.seen, reverse=True)
        return [each.digest for each in others[MOST_DEVICES - 1 :]]


def _actor(account: Account, session: str, address: str) -> Actor:
    may = PERMISSIONS[account.role]
    return Actor("session", account.name, may, session, account.id, address)
