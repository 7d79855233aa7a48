"""Who does something, and what he may: every operation has an actor, and names what it needs.

A permission is one word for what tokens, roles and operations mean alike. People have a role, which
stands for a set of permissions; tokens have permissions one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal


class Permission(StrEnum):
    """What an operation needs. Tokens store these words: never rename, only add."""

    STATUS_READ = "status:read"
    """How the server does: status, problems, events without rows of the log."""
    STATS_READ = "stats:read"
    LOG_READ = "log:read"
    """What somebody asked for: rows, explanations, what the cache holds."""
    LISTS_READ = "lists:read"
    SETTINGS_READ = "settings:read"
    METRICS = "metrics"
    PROTECTION_WRITE = "protection:write"
    """Switch the filter off and on, for a time or for good."""
    LISTS_WRITE = "lists:write"
    RULES_WRITE = "rules:write"
    """Own rules, services and safe search: what is refused besides lists."""
    CACHE_WRITE = "cache:write"
    LOG_WRITE = "log:write"
    """Delete of the log, reset statistics."""
    SETTINGS_WRITE = "settings:write"
    """Every setting, rules and lists among them."""
    ACCOUNTS_WRITE = "accounts:write"
    """Accounts, sessions and tokens of others."""
    BACKUP_READ = "backup:read"
    """Take a backup, which has everything in it, hashes of passwords too."""
    BACKUP_WRITE = "backup:write"
    PAIRING = "pairing"
    """Be the other one of a pair: read and change all of the state that both have."""
    OWN_ACCOUNT = "own:account"
    """One's own password, second factor, sessions: what every person may, and no token."""


Role = Literal["viewer", "operator", "admin"]
ROLES: Final[tuple[Role, ...]] = ("viewer", "operator", "admin")

_P = Permission
_VIEWER: Final = frozenset(
    {_P.STATUS_READ, _P.STATS_READ, _P.LOG_READ, _P.LISTS_READ, _P.SETTINGS_READ, _P.METRICS}
)
_OPERATOR: Final = _VIEWER | {
    *(_P.PROTECTION_WRITE, _P.LISTS_WRITE, _P.RULES_WRITE, _P.CACHE_WRITE)
}
PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": _VIEWER | {_P.OWN_ACCOUNT},
    "operator": _OPERATOR | {_P.OWN_ACCOUNT},
    "admin": frozenset(Permission),
}
"""What each role may."""

INCLUDED: Final[Mapping[Permission, frozenset[Permission]]] = MappingProxyType(
    {
        _P.SETTINGS_WRITE: frozenset(
            {_P.SETTINGS_READ, _P.LISTS_WRITE, _P.RULES_WRITE, _P.LISTS_READ}
        ),
        _P.LISTS_WRITE: frozenset({_P.LISTS_READ}),
        _P.RULES_WRITE: frozenset({_P.LISTS_READ}),
    }
)
"""What a permission of a token comes with: what it could do or see all the same, by other means."""

FOR_TOKENS: Final = frozenset(Permission) - {Permission.OWN_ACCOUNT}
"""What a token can have."""


def with_included(permissions: Iterable[Permission]) -> frozenset[Permission]:
    """Permissions of a token, and what they come with."""
    given = frozenset(permissions)
    return given.union(*(INCLUDED.get(each, frozenset()) for each in given))


ActorKind = Literal["session", "password", "token", "socket", "loopback", "server"]
"""How somebody proved who he is: signed in, by name and password with each request, by a token, as
a user of this machine by the socket, by asking from this machine while there is no account; or
nobody did, and the server acts by itself."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: shown in revisions and the audit as `name` and `kind`.

    `name` is an account's or a token's name, or the machine's user. `id` is that of the session or
    the token, "" for others; `account` is the account's number, 0 where there is none.
    """

    kind: ActorKind
    name: str
    permissions: frozenset[Permission]
    id: str = ""
    account: int = 0
    address: str = ""
    """Where the request came from, "" for the socket and the server itself."""

    def may(self, permission: Permission) -> bool:
        """Whether this actor has a permission."""
        return permission in self.permissions

    def __str__(self) -> str:
        """As logs show it: `anna (session)`."""
        return f"{self.name} ({self.kind})"


SERVER: Final = Actor("server", "sinkhole", frozenset(Permission))
"""The server itself: what it does at its start, on a schedule, or because a file was edited."""
