"""The commands about upstreams: `sinkhole upstream show` and `test`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sinkhole.cli.calling import Caller, settings_in_force
from sinkhole.cli.options import config_option, honest, in_words
from sinkhole.cli.telling import Told, asking
from sinkhole.model.errors import SinkholeError

if TYPE_CHECKING:
    from sinkhole.control.settings import Settings
    from sinkhole.model.status import UpstreamTrial


@click.group("upstream")
def upstream_group() -> None:
    """Show how the resolvers do that are asked, and try one out."""


@upstream_group.command("show")
@asking(offline=False)
def show(caller: Caller) -> Told:
    """Show how each server does that is asked.

    Needs the running server. Exit code 0 whether they are up or not.
    """
    found = caller.call("upstreams.show")["upstreams"]

    def print_all() -> None:
        from sinkhole.cli.console import print_table

        print_table(
            ("Server", "State", "Median#", "95 %#", "Queries#", "Failures#", "Last failure"),
            [_row(each) for each in found],
        )

    return Told(found, print_all)


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    state = "up" if each["up"] else f"down for {in_words(each['down_s'] or 0)}"
    times = (f"{ms:.1f} ms" if (ms := each[key]) is not None else "" for key in _TIMES)
    counts = (f"{each[key]:,}" for key in ("queries", "failures"))
    return each["name"], state, *times, *counts, each["last_failure"]


_TIMES: Final = ("rtt_p50_ms", "rtt_p95_ms")


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

    return await asyncio.gather(*(_test_one(settings, text, len(texts) > 1) for text in texts))


async def _test_one(settings: Settings, text: str, is_one_of_many: bool) -> UpstreamTrial:
    """What became of one; of several, each is told, also what is no upstream."""
    from sinkhole.app.upstream_trial import try_upstream
    from sinkhole.model.masking import masked_address

    try:
        return await try_upstream(settings, text)
    except ValueError as error:
        if not is_one_of_many:
            raise SinkholeError(str(error)) from None
        return {
            "url": masked_address(text),
            "address": "",
            "connect_ms": None,
            "handshake_ms": None,
            "tls": "",
            "certificate": None,
            "rtt_ms": None,
            "signs": None,
            "validates": None,
            "error": f"is no upstream: {error}",
        }


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
