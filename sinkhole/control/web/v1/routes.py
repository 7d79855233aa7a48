"""The table: where each operation is."""

from __future__ import annotations

from typing import Final

from sinkhole.control.operations import protection
from sinkhole.control.web.v1.route import ApiRoute

ROUTES: Final[tuple[ApiRoute, ...]] = (
    ApiRoute("GET", "/protection", protection.show),
    ApiRoute("POST", "/protection/pause", protection.pause),
    ApiRoute("POST", "/protection/resume", protection.resume),
)
"""Every operation at its one address, in the order in which people are shown them."""
