"""Two sinkholes of one home with the same settings: `sinkhole pair`."""

from __future__ import annotations

from typing import Any

import click

from sinkhole.cli.calling import LONG_PATIENCE_S, Caller
from sinkhole.cli.options import confirm, in_words, yes_option
from sinkhole.cli.telling import Told, asking


@click.command()
@click.argument("url", required=False)
@click.argument("code", required=False)
@click.option("--offer", is_flag=True, help="Make a one-time code for another sinkhole.")
@click.option("--take-over", is_flag=True, help="Make this the one that is written to.")
@click.option("--end", is_flag=True, help="End the pair: both go on with what they have.")
@click.option(
    "--fingerprint",
    metavar="SHA256",
    help="Of the certificate at URL, where no authority vouches for it.",
)
@yes_option
@asking(offline=False)
def pair(
    caller: Caller,
    url: str | None,
    code: str | None,
    offer: bool,
    take_over: bool,
    end: bool,
    fingerprint: str | None,
    yes: bool,
) -> Told:
    """Have two sinkholes with the same settings and lists.

    \b
    On the first:   sinkhole pair --offer
    On the second:  sinkhole pair http://nas.home:8080 ABCD-EFGH

    The second takes over what the first has, keeps a backup of what it had, and follows from then
    on; what is changed on either counts on both. While the first is away, the second answers as
    ever, and `sinkhole pair --take-over` there makes it the one that is written to; the other one
    follows when it is back. Without arguments it tells with whom this one is paired.

    Exit code 1 when it could not be done, or the other one is not reached.
    """
    wanted = [bool(url), offer, take_over, end]
    if sum(wanted) > 1 or bool(url) != bool(code):
        raise click.UsageError("URL and CODE together, or one of --offer, --take-over and --end")
    if offer:
        return _told_offer(caller.call("pairing.offer"))
    if take_over:
        confirm("Make this the sinkhole that is written to?", yes=yes)
        return _told(caller.call("pairing.take_over"))
    if end:
        confirm("End the pair? Both go on with what they have.", yes=yes)
        return Told(caller.call("pairing.end"), "The pair has ended.")
    if url:
        confirm(
            f"Follow {url}? Its settings and accounts take the place of those here; a backup of"
            " these is kept.",
            yes=yes,
        )
        given = {"url": url, "code": code, "fingerprint": fingerprint}
        return _told(caller.call("pairing.join", given, patience_s=LONG_PATIENCE_S))
    told = caller.call("pairing.show")
    return _told(told, is_failure=told["is_paired"] and not told["is_reached"])


def _told_offer(told: dict[str, Any]) -> Told:
    left = in_words(told["left_s"])
    text = f"{told['code']}\nOn the other one, within {left}: sinkhole pair URL {told['code']}"
    return Told(told, text)


def _told(told: dict[str, Any], *, is_failure: bool = False) -> Told:
    if not told["is_paired"]:
        return Told(told, "This sinkhole is paired with none.")
    name = told["name"]
    whose = f"{name} follows this one" if told["is_first"] else f"This one follows {name}"
    lines = [f"{whose}, {told['url'] or 'whose address is not known'}"]
    if not told["is_reached"]:
        heard = told["heard_s"]
        ago = "not heard of yet" if heard is None else f"not heard of for {in_words(heard)}"
        lines.append(f"{name} is {ago}")
    elif told["is_behind"]:
        lines.append("The second has not got all yet")
    else:
        lines.append("Both have the same")
    return Told(told, "\n".join(lines), is_failure)
