"""One change that would make a difference, in JSON's types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Change = dict[str, Any]


def change(effect: str, how: str, where: str, items: Sequence[str] = (), note: str = "") -> Change:
    """What to do for an `effect` ("allow", "block"; "serve": be answered at all; "forward": ask
    an upstream instead of answering here).

    `how` is "add", "remove" or "set", or "none" where only `note` says something; `where` is a
    key of the settings, `items` the rules, the names or the value.
    """
    told = {"effect": effect, "change": how, "where": where, "items": list(items)}
    return {**told, "note": note}
