"""The stub resolver behind encrypted transports: what upstreams of these kinds are in the bench.

Unbound speaks TLS and HTTPS in front of it; it knows no QUIC in Debian's edition, so a second
sinkhole does that. Both run beside the load generator, and their own time counts for nobody.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from bench.lists import Lists
from bench.load import free_port, wait_for_answer
from bench.process import running
from bench.servers import (
    STUB_ADDRESS,
    EncryptedUpstreams,
    Site,
    how_to_install,
    program,
    sinkhole_with,
)
from bench.serving import run_sinkhole

_START_LIMIT_S = 30.0


def missing_for(kind: str) -> str:
    """What to say when there can be no upstream of a kind here; "" when there can."""
    if kind == "quic":
        has_qh3 = importlib.util.find_spec("qh3") is not None
        return "" if has_qh3 else 'QUIC is missing: pip install "sinkhole[encrypted]"'
    return "" if program("unbound") else how_to_install("unbound")


def make_certificate(folder: Path) -> tuple[Path, Path, Path]:
    """The files of a certificate for 127.0.0.1, its key, and the authority that signed it."""
    folder.mkdir(parents=True, exist_ok=True)
    run_sinkhole(["certificate", "self-signed", "127.0.0.1", "--force", "--out", str(folder)])
    return folder / "certificate.pem", folder / "key.pem", folder / "authority.pem"


@contextlib.contextmanager
def encrypted_upstreams(
    kinds: list[str], stub_port: int, work: Path, core: int
) -> Iterator[EncryptedUpstreams]:
    """Upstreams of these kinds on a core, while the block runs."""
    if not kinds:
        yield EncryptedUpstreams()
        return
    folder = work / "upstreams"
    certificate, key, authority = make_certificate(folder)
    urls = {kind: free_port() for kind in kinds}
    paths = {"https": "/dns-query"}
    upstreams = EncryptedUpstreams(
        {kind: f"{kind}://127.0.0.1:{port}{paths.get(kind, '')}" for kind, port in urls.items()},
        authority,
    )
    with contextlib.ExitStack() as stack:
        if "tls" in kinds or "https" in kinds:
            port, config = free_port(), folder.resolve() / "unbound.conf"
            config.write_text(_unbound(port, stub_port, urls, certificate, key))
            log = folder / "unbound.txt"
            command = [program("unbound") or "unbound", "-d", "-c", str(config)]
            stack.enter_context(running(command, log, core))
            _await_answer(port, log)
        if "quic" in kinds:
            site = Site(folder / "quic", free_port(), stub_port, Lists((), ()))
            stack.enter_context(_quic(site, urls["quic"], certificate, key, core))
        yield upstreams


def _unbound(port: int, stub_port: int, ports: dict[str, int], certificate: Path, key: Path) -> str:
    """Its settings: everything to the stub, as many at once as may come."""
    encrypted = "".join(
        f"    interface: 127.0.0.1@{number}\n    {kind}-port: {number}\n"
        for kind, number in ports.items()
        if kind in ("tls", "https")
    )
    return f"""server:
    interface: 127.0.0.1@{port}
{encrypted}    tls-service-pem: "{certificate.resolve()}"
    tls-service-key: "{key.resolve()}"
    http-max-streams: 1000
    incoming-num-tcp: 100
    num-threads: 1
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{certificate.parent.resolve()}"
    pidfile: ""
    use-syslog: no
    verbosity: 0
    module-config: "iterator"
    do-not-query-localhost: no
    outgoing-range: 4096
    num-queries-per-thread: 4096
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{stub_port}
remote-control:
    control-enable: no
"""


@contextlib.contextmanager
def _quic(site: Site, port: int, certificate: Path, key: Path, core: int) -> Iterator[None]:
    """A sinkhole that blocks and logs nothing."""
    dns = {
        "listen": [f"127.0.0.1:{site.port}"],
        "quic": [f"127.0.0.1:{port}"],
        "certificate": str(certificate.resolve()),
        "certificate_key": str(key.resolve()),
        "rate_limit": 0,
    }
    site = dataclasses.replace(site, folder=site.folder.resolve())
    command = sinkhole_with(site, {"dns": dns, "query_log": {"enabled": False}})
    log = site.folder / "output.txt"
    with running(command, log, core):
        _await_answer(site.port, log)
        yield


def _await_answer(port: int, log: Path) -> None:
    if not wait_for_answer(port, "example.org", STUB_ADDRESS, _START_LIMIT_S):
        raise SystemExit(f"an encrypted upstream does not answer:\n{log.read_text()[-2000:]}")
