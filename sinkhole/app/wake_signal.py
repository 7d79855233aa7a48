"""A descriptor that becomes readable when the machine wakes from sleep (Linux).

It is a timer for a time that never comes, on the clock of the wall, which the kernel cancels when
that clock jumps: at each resume, and when somebody sets it (timerfd_create(2)). It costs nothing
while nothing happens, where looking at a clock every second would keep the machine from sleeping.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import c_int, c_long, c_void_p
from typing import Final

_REALTIME: Final = 0
_ABSOLUTE_AND_CANCELLED_WHEN_SET: Final = 1 | 2
_NEVER: Final = (1 << 8 * ctypes.sizeof(c_long) - 1) - 1
_READ_SIZE: Final = 8


class WakeSignal:
    """The descriptor, `handle`; -1 where there is no such thing. `close` it in the end."""

    def __init__(self) -> None:
        self.handle = -1
        self._libc = ctypes.CDLL(None, use_errno=True)
        if hasattr(self._libc, "timerfd_create"):
            self._libc.timerfd_settime.argtypes = [c_int, c_int, c_void_p, c_void_p]
            self.handle = self._libc.timerfd_create(_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
            self._arm()

    def take(self) -> None:
        """Take notice, so that it becomes readable the next time."""
        try:
            os.read(self.handle, _READ_SIZE)
        except OSError:  # cancelled, as it was meant to be, or nothing to be read
            self._arm()

    def close(self) -> None:
        """Give the descriptor back."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    def _arm(self) -> None:
        # struct itimerspec: interval and first time, in seconds and nanoseconds each.
        spec = (c_long * 4)(0, 0, _NEVER, 0)
        how = _ABSOLUTE_AND_CANCELLED_WHEN_SET
        self._libc.timerfd_settime(self.handle, how, ctypes.addressof(spec), None)
