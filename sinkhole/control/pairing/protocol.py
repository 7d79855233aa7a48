"""Which versions of what two sinkholes say to each other go together: those that are one apart.

What a later version has besides, fields and kinds of rows, is passed over by the earlier one.
"""

from __future__ import annotations

from typing import Final

from sinkhole.model.errors import RequestError

PROTOCOL: Final = 1


def check_protocol(theirs: int, name: str) -> None:
    """RequestError ("conflict", code `pairing_protocol`) for one that is too far away."""
    if abs(theirs - PROTOCOL) > 1:
        older = name if theirs < PROTOCOL else "this one"
        raise RequestError(
            "conflict",
            "pairing_protocol",
            f"{name} pairs by version {theirs} and this sinkhole by {PROTOCOL}: bring {older} up "
            "to date",
        )
