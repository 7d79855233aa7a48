"""Moments that outlive a restart, and how much time has passed since: no jump of the wall clock
counts, as long as the machine was not booted meanwhile."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Stamp(NamedTuple):
    """A moment: which boot of the machine, seconds since then, and what the wall clock showed.

    `boot` is "" where the kernel does not tell; then the wall clock is all there is.
    """

    boot: str
    since_boot_s: float
    wall_s: float

    def elapsed_s(self, now: Stamp) -> float:
        """Seconds from this moment until `now`, never below 0.

        Within one boot by a clock that nobody sets, and that counts sleep. Over a boot by the wall
        clock, but no less than has passed since that boot: where it was set back, time stands
        still until then at worst.
        """
        if self.boot and self.boot == now.boot:
            return max(0.0, now.since_boot_s - self.since_boot_s)
        certain_s = now.since_boot_s if self.boot and now.boot else 0.0
        return max(certain_s, now.wall_s - self.wall_s)


def present() -> Stamp:
    """This moment."""
    boot = boot_id()
    since_boot_s = time.clock_gettime(time.CLOCK_BOOTTIME) if boot else time.monotonic()
    return Stamp(boot, since_boot_s, time.time())


@cache
def boot_id() -> str:
    """The kernel's name for this boot, "" where there is none."""
    try:
        return BOOT_ID.read_text().strip()
    except (OSError, ValueError):
        return ""
