"""The servers compared: each writes its configuration into a folder and gives its command.

All listen on one UDP port of 127.0.0.1, block the same lists with 0.0.0.0 (but for the echo, which
knows none), forward the rest to the same stub resolver, and hold the whole workload in their cache.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.lists import Lists
from bench.load import free_port

BLOCKED_ADDRESS = "0.0.0.0"
STUB_ADDRESS = "192.0.2.1"
"""What native/stub.c answers for every A query."""

_SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_PACKAGES = {"unbound": "unbound", "dnsmasq": "dnsmasq-base", "dnsperf": "dnsperf", "cc": "gcc"}
_PACKAGES |= {"h2load": "nghttp2-client"}


@dataclass(frozen=True)
class EncryptedUpstreams:
    """The same upstream behind encrypted transports: a URL for each kind that can be had here."""

    urls: Mapping[str, str] = field(default_factory=dict)
    authority: Path | None = None
    """The file that their certificate is trusted by."""


@dataclass(frozen=True)
class Site:
    """Where a server lives and what it serves."""

    folder: Path
    port: int
    upstream_port: int
    lists: Lists
    encrypted: EncryptedUpstreams = EncryptedUpstreams()


def program(name: str) -> str | None:
    """The path of an installed program, also where only root's PATH leads."""
    return shutil.which(name, path=_SEARCHED)


def how_to_install(name: str) -> str:
    """What to say when `name` is absent."""
    return f"{name} is not installed (Debian: apt-get install {_PACKAGES[name]})"


def compile_native(source: Path, target: Path) -> Path:
    """Compile one of the C programs of bench/native."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = ["cc", "-O2", "-Wall", "-Wextra", "-o", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{source.name} does not compile:\n{done.stderr}")
    return target


def echo(site: Site) -> list[str]:
    """Every query back as it came: what the machine itself costs."""
    return [str(site.folder.parent / "echo.bin"), str(site.port)]


def sinkhole(site: Site) -> list[str]:
    """As shipped, query log on; only the limit of queries a client and second is off."""
    return sinkhole_with(site, {"query_log": {"enabled": True}})


def sinkhole_without_log(site: Site) -> list[str]:
    """The same with the query log off."""
    return sinkhole_with(site, {"query_log": {"enabled": False}})


def sinkhole_by_tls(site: Site) -> list[str]:
    """As shipped, its upstream asked by DNS over TLS."""
    return _sinkhole_by(site, "tls")


def sinkhole_by_https(site: Site) -> list[str]:
    """As shipped, its upstream asked by DNS over HTTPS."""
    return _sinkhole_by(site, "https")


def sinkhole_by_quic(site: Site) -> list[str]:
    """As shipped, its upstream asked by DNS over QUIC."""
    return _sinkhole_by(site, "quic")


def _sinkhole_by(site: Site, kind: str) -> list[str]:
    upstream = {"servers": [site.encrypted.urls[kind]]}
    command = sinkhole_with(site, {"query_log": {"enabled": True}, "upstream": upstream})
    return ["env", f"SSL_CERT_FILE={site.encrypted.authority}", *command]


def sinkhole_with(site: Site, sections: dict[str, object]) -> list[str]:
    """The command of a sinkhole whose settings are those of the bench and `sections`."""
    settings = {
        "dns": {"listen": [f"127.0.0.1:{site.port}"], "rate_limit": 0},
        "upstream": {"servers": [f"127.0.0.1:{site.upstream_port}"]},
        "filtering": {
            "lists": [
                {"name": file.name, "url": f"file:{file.resolve()}"} for file in site.lists.files
            ],
            "update_interval": 0,
        },
        "web": {"listen": f"127.0.0.1:{free_port()}"},
        "data_dir": str(site.folder / "data"),
    } | sections
    # JSON is YAML too.
    file = _write(site, "sinkhole.yaml", json.dumps(settings, indent=2))
    return [sinkhole_program(), "run", "--config", str(file)]


def sinkhole_program() -> str:
    """The `sinkhole` of the environment that runs the bench."""
    return str(Path(sys.executable).with_name("sinkhole"))


def unbound(site: Site) -> list[str]:
    """One thread, no validation, no log; every listed name a local zone that is always null."""
    zones = "".join(f'    local-zone: "{name}." always_null\n' for name in site.lists.names)
    file = _write(
        site,
        "unbound.conf",
        f"""server:
    interface: 127.0.0.1
    port: {site.port}
    num-threads: 1
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{site.folder.resolve()}"
    pidfile: ""
    use-syslog: no
    verbosity: 0
    module-config: "iterator"
    do-not-query-localhost: no
    outgoing-range: 4096
    num-queries-per-thread: 4096
    msg-cache-size: 32m
    rrset-cache-size: 64m
{zones}forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{site.upstream_port}
remote-control:
    control-enable: no
""",
    )
    return [program("unbound") or "unbound", "-d", "-c", str(file)]


def dnsmasq(site: Site) -> list[str]:
    """Every listed name an address= line and the largest cache it advises.

    address= covers A and AAAA alone, so HTTPS queries go upstream, and it keeps no HTTPS answers.
    """
    return _dnsmasq(site, "")


def dnsmasq_caching_https(site: Site) -> list[str]:
    """The same told to keep HTTPS answers (new in 2.90, off by default)."""
    return _dnsmasq(site, "cache-rr=HTTPS")


def _dnsmasq(site: Site, more: str) -> list[str]:
    # no-daemon, because changing its user would free it from ending with the bench.
    addresses = "".join(f"address=/{name}/#\n" for name in site.lists.names)
    file = _write(
        site,
        "dnsmasq.conf",
        f"""port={site.port}
listen-address=127.0.0.1
bind-interfaces
no-daemon
no-resolv
no-hosts
server=127.0.0.1#{site.upstream_port}
cache-size=10000
dns-forward-max=1000
{more}
{addresses}""",
    )
    return [program("dnsmasq") or "dnsmasq", f"--conf-file={file}"]


SERVERS: dict[str, Callable[[Site], list[str]]] = {
    "echo": echo,
    "sinkhole": sinkhole,
    "sinkhole, no log": sinkhole_without_log,
    "sinkhole, DoT": sinkhole_by_tls,
    "sinkhole, DoH": sinkhole_by_https,
    "sinkhole, DoQ": sinkhole_by_quic,
    "unbound": unbound,
    "dnsmasq": dnsmasq,
    "dnsmasq, cache-rr": dnsmasq_caching_https,
}
"""In the order of the tables."""

ENCRYPTED = {"sinkhole, DoT": "tls", "sinkhole, DoH": "https", "sinkhole, DoQ": "quic"}
"""Those that ask their upstream by an encrypted transport: new names are all they show."""


def _write(site: Site, name: str, text: str) -> Path:
    site.folder.mkdir(parents=True, exist_ok=True)
    file = site.folder / name
    file.write_text(text)
    return file
