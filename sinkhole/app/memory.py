"""The C library's heap: given back to the system where the C library keeps what is free (glibc).

Starting and updating lists take memory for a moment, in several threads, and glibc keeps it. In
other C libraries (musl) there is no such call, and no such need.
"""

from __future__ import annotations

import ctypes


def release_free_memory() -> None:
    """Give free memory back: after the start and after lists were updated. 0.3 ms."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
