"""The pause in force, as it is stored."""

from __future__ import annotations

from typing import NamedTuple

from sinkhole.model.stamp import Stamp


class Pause(NamedTuple):
    """The filter is off since `began`, for `seconds`; None: until somebody resumes it."""

    began: Stamp
    seconds: float | None
    by: str

    def left_s(self, now: Stamp) -> float | None:
        """How long it goes on, 0 when it is over; None: until somebody resumes it."""
        if self.seconds is None:
            return None
        return max(0.0, self.seconds - self.began.elapsed_s(now))
