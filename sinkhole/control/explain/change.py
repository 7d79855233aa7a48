"""One change that would make a difference."""

from __future__ import annotations

from collections.abc import Sequence

from sinkhole.model.explanation import Change


def change(effect: str, how: str, where: str, items: Sequence[str] = (), note: str = "") -> Change:
    """What to do for an effect; see `Change`."""
    return {"effect": effect, "change": how, "where": where, "items": list(items), "note": note}
