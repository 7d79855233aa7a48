"""The commands about upstreams: `sinkhole upstream test`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sinkhole.cli.calling import settings_in_force
from sinkhole.cli.options import config_option, honest
from sinkhole.model.errors import SinkholeError

if TYPE_CHECKING:
    from sinkhole.control.settings import Settings
    from sinkhole.model.status import UpstreamTrial


@click.group("upstream")
def upstream_group() -> None:
    """Try out the resolvers that questions are forwarded to."""


@upstream_group.command("test")
@click.argument("urls", nargs=-1, metavar="URL...")
@click.option("--json", "as_json", is_flag=True, help="JSON, an object for each.")
@config_option
@honest
def test(urls: tuple[str, ...], as_json: bool, config: Path | None) -> None:
    """Ask each of these upstreams, and tell what became of it.

    URL is written as in upstream.servers: 192.0.2.1, tls://dns.example.org,
    https://dns.example.org/dns-query, quic://dns.example.org, sdns://... Without any, those of the
    settings are tried. Told are the address, the certificate, how long connecting and one question
    take, and whether it passes DNSSEC signatures on; or what failed.

    Names are looked up by upstream.bootstrap of the settings, and upstream.proxy is used. Asks by
    itself, so the server need not run. Exit code 1 when one of them failed.
    """
    import asyncio

    settings = settings_in_force(config)
    texts = urls or list(dict.fromkeys(item.url.text for _, item in settings.upstream.all_items))
    tested = asyncio.run(_test_all(settings, texts))
    if as_json:
        click.echo(json.dumps(tested))
    else:
        click.echo("\n\n".join(map(_in_words, tested)))
    if any(each["error"] for each in tested):
        sys.exit(1)


async def _test_all(settings: Settings, texts: Sequence[str]) -> list[UpstreamTrial]:
    import asyncio

    from sinkhole.app.upstream_trial import try_upstream

    try:
        return await asyncio.gather(*(try_upstream(settings, text) for text in texts))
    except ValueError as error:
        raise SinkholeError(str(error)) from None


def _in_words(tested: UpstreamTrial) -> str:
    lines = [tested["url"]]
    if tested["address"]:
        lines.append(f"  address      {tested['address']}")
    if tested["connect_ms"] is not None:
        took = f"connected in {tested['connect_ms']:.1f} ms"
        if tested["handshake_ms"] is not None:
            took += f", handshake {tested['handshake_ms']:.1f} ms ({tested['tls']})"
        lines.append(f"  connection   {took}")
    if (certificate := tested["certificate"]) is not None:
        until = time.strftime("%Y-%m-%d", time.gmtime(certificate["expires"]))
        names = ", ".join(certificate["names"][:5])
        lines.append(f"  certificate  for {names}, by {certificate['issuer']}, until {until}")
    if tested["error"]:
        lines.append(f"  failed       it {tested['error']}")
        return "\n".join(lines)
    if tested["rtt_ms"] is not None:
        lines.append(f"  one question {tested['rtt_ms']:.1f} ms")
    lines.append(f"  DNSSEC       {_dnssec(tested)}")
    return "\n".join(lines)


def _dnssec(tested: UpstreamTrial) -> str:
    if not tested["signs"]:
        return "no: it leaves signatures out"
    return "checks signatures" if tested["validates"] else "passes signatures on, unchecked"
