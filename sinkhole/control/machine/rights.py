"""What this process may do on its machine, and whether that is a container."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")

_BIND_LOW_PORTS: Final = 1 << 10
"""CAP_NET_BIND_SERVICE (capabilities(7))."""

_FIRST_FOR_ALL: Final = 1024
"""Where the kernel does not say from which port on everybody may listen."""

_SIGNS: Final = (".dockerenv", "run/.containerenv")
"""Files that Docker and Podman put into containers."""


def may_listen(port: int, proc: Path = PROC) -> bool:
    """Whether this process has the right to a port, if nobody has it already."""
    first = _FIRST_FOR_ALL
    with suppress(OSError, ValueError):
        first = int((proc / "sys/net/ipv4/ip_unprivileged_port_start").read_text())
    return port >= first or bool(_rights(proc) & _BIND_LOW_PORTS)


def is_contained(root: Path = Path("/")) -> bool:
    """Whether this is a container, which others reach by addresses of its host."""
    return any((root / sign).exists() for sign in _SIGNS)


def _rights(proc: Path) -> int:
    with suppress(OSError, ValueError):
        for line in (proc / "self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    return 0
