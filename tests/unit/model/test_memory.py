"""Memory that is free goes back to the system."""

import ctypes
import sys

import pytest

from sinkhole.model.memory import release_free_memory


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_trim") or sys.platform != "linux", reason="needs glibc"
)
def test_what_was_freed_below_what_is_still_used_goes_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    blocks = [libc.malloc(64_000) for _ in range(400)]  # below the size that is mapped by itself
    for block in blocks:
        ctypes.memset(block, 1, 64_000)
    for block in blocks[:-1]:
        libc.free(block)
    before = resident_kb()
    release_free_memory()
    assert before - resident_kb() > 10_000
    libc.free(blocks[-1])


def test_a_c_library_without_the_call_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinkhole.model.memory.ctypes.CDLL", lambda name: object())
    release_free_memory()


def resident_kb() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
