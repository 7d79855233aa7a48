"""A house for tests of the web server: the parts that a test gives it, and nothing else."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from typing import Any

from sinkhole.control.operations.house import House
from sinkhole.control.settings import Settings
from sinkhole.control.stats import Carried
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.nodes import Nodes
from sinkhole.model.status import Health

_OWN = {"is_serving", "underway", "drain", "restarting"}
"""What a house has of itself."""


class Absent:
    """A part that a test did not give: whatever is asked of it says so."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, wanted: str) -> Any:
        raise AssertionError(f"house.{self._name}.{wanted} is asked for, and there is none")

    def __call__(self, *given: Any, **named: Any) -> Any:
        raise AssertionError(f"house.{self._name}() is called, and there is none")


class KnownActors:
    """An identity whose sessions and tokens are those that a test says: by secret, in memory."""

    def __init__(self, *, has_accounts: bool = False) -> None:
        self.has_accounts = has_accounts
        self.sessions: dict[str, Actor] = {}
        self.tokens: dict[str, Actor] = {}

    def of_session(self, secret: str, address: str) -> Actor | None:
        """Who a cookie stands for."""
        return self.sessions.get(secret)

    def of_token(self, secret: str, address: str) -> Actor | None:
        """Who a token stands for."""
        return self.tokens.get(secret)

    def may(self, *permissions: Permission) -> str:
        """The secret of a new token with these permissions."""
        secret = f"token-{len(self.tokens)}"
        self.tokens[secret] = Actor("token", "test", frozenset(permissions), id=secret)
        return secret


def bare_house(**parts: Any) -> House:
    """A house of these parts, with default settings, in good health, and nobody's account."""
    parts = {
        "settings": SimpleNamespace(settings=Settings()),
        "identity": KnownActors(),
        "health": lambda: Health("ok"),
        "ready": list,
        "problems": list,
        "carried": Carried(),
        "nodes": SimpleNamespace(name="attic", told=lambda: Nodes(())),
        **parts,
    }
    wanted = {each.name for each in fields(House)} - _OWN
    return House(**{name: Absent(name) for name in wanted} | parts)
