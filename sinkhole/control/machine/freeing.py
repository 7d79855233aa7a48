"""What to type so that port 53 can be had, by who has it: for people, nothing of it is run here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Kind = Literal["resolved", "dnsmasq", "sinkhole", "container", "service", "unknown"]


class Way(NamedTuple):
    """What kind of program it is, and lines for a shell."""

    kind: Kind
    commands: tuple[str, ...]


_SERVICES: Final[Mapping[str, str]] = {
    "pihole-FTL": "pihole-FTL",
    "AdGuardHome": "AdGuardHome",
    "unbound": "unbound",
    "named": "named",
    "coredns": "coredns",
    "blocky": "blocky",
    "kresd": "kresd@1",
    "pdns_recursor": "pdns-recursor",
    "dnscrypt-proxy": "dnscrypt-proxy",
    "stubby": "stubby",
}
"""What is stopped as a service, by the program."""

_RESOLVED: Final = (
    "sudo mkdir -p /etc/systemd/resolved.conf.d",
    "printf '[Resolve]\\nDNSStubListener=no\\n' | "
    "sudo tee /etc/systemd/resolved.conf.d/sinkhole.conf",
    "sudo ln -sf /run/systemd/resolve/resolv.conf /etc/resolv.conf",
    "sudo systemctl restart systemd-resolved",
)


def way_to_free(program: str, port: int) -> Way:
    """How a program (see `Holder`) is had to let go of a port. Its name is in none of the lines
    unless it is one that is known, as anybody may call a program as they like."""
    if program == "systemd-resolved":
        return Way("resolved", _RESOLVED)
    if program == "dnsmasq":
        return Way("dnsmasq", ("sudo systemctl disable --now dnsmasq",))
    if program == "sinkhole":
        return Way("sinkhole", ("systemctl status sinkhole", "pgrep -af sinkhole"))
    if program == "docker-proxy":
        return Way("container", (f"docker ps --filter publish={port}", "docker stop NAME"))
    if (service := _SERVICES.get(program)) is not None:
        return Way("service", (f"sudo systemctl disable --now {service}",))
    return Way("unknown", (f"sudo ss -lnptu 'sport = :{port}'",))


def way_to_the_right(port: int) -> tuple[str, ...]:
    """How everybody is let use ports from this one on, from now on and after a restart."""
    return (
        f"echo net.ipv4.ip_unprivileged_port_start={port} | "
        "sudo tee /etc/sysctl.d/50-sinkhole.conf",
        "sudo sysctl --system",
    )
