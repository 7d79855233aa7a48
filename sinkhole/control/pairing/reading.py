"""What the other sinkhole of a pair has, to read here: by its API, with the token of the pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinkhole.control.pairing.pairing import Pairing
from sinkhole.model.errors import RequestError


def is_other(pairing: Pairing, name: str) -> bool:
    """Whether somebody means the other one of a pair: by its name, or where its page is."""
    paired = pairing.paired
    return paired is not None and name in (paired.name, paired.url)


async def read_there(pairing: Pairing, path: str, given: Mapping[str, Any]) -> Any:
    """What it answers where `path` below its API is asked with these fields. HubAwayError where it
    can't be reached, RequestError where it refuses."""
    if pairing.peer is None or pairing.paired is None:
        name = "the other sinkhole" if pairing.paired is None else pairing.paired.name
        raise RequestError("unavailable", "peer_unknown", f"it is not known where {name} is")
    return await pairing.peer.ask("POST", path, body=dict(given))
