"""Memory: what is free is given back, and what stays is looked through less often.

Starting and updating lists take memory for a moment, in several threads, and the C library (glibc)
keeps it. In others (musl) there is no call to give it back, and no such need.
"""

from __future__ import annotations

import ctypes
import gc


def release_free_memory() -> None:
    """Give free memory back: after the start and after lists were updated. 0.3 ms."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def spare_collection() -> None:
    """Keep the collector of reference cycles from walking over everything we keep.

    With its usual thresholds, filling a table with 26 000 answers was interrupted for 33 ms at
    worst, with these for 5 ms (and 2 µs less a new name); names that are known cost the same.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
