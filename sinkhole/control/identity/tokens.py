"""Tokens: what lets programs in, with permissions one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from sinkhole.control.identity.random_secret import digest, new_token
from sinkhole.control.state.people import People, Token
from sinkhole.model.actor import FOR_TOKENS, PERMISSIONS, Actor, Permission, with_included
from sinkhole.model.errors import RequestError
from sinkhole.model.stamp import Stamp

MOST_TOKENS: Final = 200
LONGEST_NAME: Final = 100
LONGEST_S: Final = 100 * 365 * 86_400.0


class NewToken(NamedTuple):
    """A token that was just made: its secret is shown now and never again."""

    secret: str
    token: Token


class Tokens:
    """The tokens of one state; changes raise StorageError where nothing can be stored."""

    def __init__(self, people: People, now: Callable[[], Stamp]) -> None:
        self._people = people
        self._now = now

    def all(self) -> list[Token]:
        """Every token, also those whose time is over, in the order of their names."""
        return sorted(self._people.tokens.values(), key=lambda each: (each.name, each.created))

    def left_s(self, token: Token) -> float | None:
        """For how long a token counts, 0 when its time is over; None: for good."""
        if token.lasts_s is None:
            return None
        return max(0.0, token.lasts_s - token.created.elapsed_s(self._now()))

    def may(self, token: Token) -> frozenset[Permission]:
        """What a token may now: never more than who made it."""
        maker = self._people.accounts.get(token.account)
        if token.account and maker is None:
            return frozenset()
        permissions = with_included(token.permissions)
        return permissions & (PERMISSIONS[maker.role] if maker else FOR_TOKENS)

    def actor(self, secret: str, address: str) -> Actor | None:
        """Who a token stands for, None for nobody; notes that it was used."""
        token = self._people.tokens.get(digest(secret))
        if token is None or self.left_s(token) == 0:
            return None
        self._people.use_token(token, address, self._now().wall_s)
        return Actor("token", token.name, self.may(token), token.id, token.account, address)

    async def add(
        self, name: str, permissions: Iterable[Permission], lasts_s: float | None, maker: Actor
    ) -> NewToken:
        """Make a token; RequestError where its maker may not do himself what it may."""
        name, wanted = name.strip(), frozenset(permissions)
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            text = f"a name has 1 to {LONGEST_NAME} characters that can be seen"
            raise RequestError("invalid", "bad_name", text)
        if lasts_s is not None and not 0 < lasts_s <= LONGEST_S:
            raise RequestError("invalid", "bad_duration", "a token lasts a second to 100 years")
        if not wanted:
            raise RequestError("invalid", "no_permission", "a token needs a permission at least")
        self._check_permissions(wanted, maker)
        secret = new_token()
        token = Token(digest(secret), maker.account, name, wanted, self._now(), lasts_s)
        await self._people.add_token(token, lambda: self._check_new(token))
        return NewToken(secret, token)

    async def remove(self, token: Token) -> None:
        """Remove a token."""
        await self._people.remove_token(token.digest)

    def found(self, wanted: str, known: Sequence[Token]) -> Token:
        """The token of an id, or the only one of a name, among these; RequestError."""
        found = [each for each in known if each.id == wanted]
        found = found or [each for each in known if each.name == wanted]
        if not found:
            raise RequestError("not_found", "no_such_token", f"there is no token {wanted!r}")
        if len(found) > 1:
            ids = ", ".join(each.id for each in found)
            text = f"{len(found)} tokens are called {wanted!r}: name one by its id, {ids}"
            raise RequestError("conflict", "name_is_ambiguous", text)
        return found[0]

    def _check_permissions(self, wanted: frozenset[Permission], maker: Actor) -> None:
        if never := sorted(wanted - FOR_TOKENS):
            raise RequestError("invalid", "not_for_tokens", f"no token can have {never[0]}")
        if missing := sorted(wanted - maker.permissions):
            text = f"{maker.name} may not give what he does not have: {', '.join(missing)}"
            raise RequestError("forbidden", "permission_missing", text, {"permissions": missing})

    def _check_new(self, token: Token) -> None:
        if len(self._people.tokens) >= MOST_TOKENS:
            text = f"there are {MOST_TOKENS} tokens already: remove one first"
            raise RequestError("conflict", "too_many_tokens", text)
        if token.account and token.account not in self._people.accounts:
            raise RequestError("not_found", "no_such_account", "there is no such account any more")
