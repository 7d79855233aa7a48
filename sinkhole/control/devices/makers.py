"""Who made a device, by the first half of its MAC: a table of the IEEE's that a package brings.

The package maps its table from the disk, so it takes hardly any memory; that is done when the first
maker is asked for.
"""

from __future__ import annotations

import logging
from typing import Final

log = logging.getLogger(__name__)

RANDOM: Final = 0x02
"""The bit of a MAC that says its device made it up (IEEE 802c): phones do so, for each network."""


def is_random(mac: bytes) -> bool:
    """Whether a device made its MAC up; nobody made it then."""
    return bool(mac) and bool(mac[0] & RANDOM)


class Makers:
    """Looks makers up once `load` has been awaited."""

    async def load(self) -> None:
        """Be ready, reading in a thread the first time; without a table nobody has a maker."""
        import aiooui

        try:
            await aiooui.async_load()
        except (OSError, RuntimeError) as error:
            log.warning("the table of makers can't be read: %s", error)

    def of(self, mac: bytes) -> str:
        """The maker of a MAC, "" where it is not known, was made up, or nothing is loaded."""
        import aiooui

        if not mac or is_random(mac) or not aiooui.is_loaded():
            return ""
        return aiooui.get_vendor(mac.hex(":")) or ""
