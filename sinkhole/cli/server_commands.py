"""The server as a whole: `sinkhole drain`."""

from __future__ import annotations

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.telling import Told, asking

_DRAINED = (
    "Drained: /readyz says so, and DNS goes on being answered. `sinkhole drain --off` takes it "
    "back, and so does a restart."
)


@click.command()
@click.option("--off", is_flag=True, help="Have it asked again.")
@asking(offline=False)
def drain(caller: Caller, off: bool) -> Told:
    """Have other servers asked instead of this one.

    For whatever spreads queries over several servers, and asks each whether it is ready: /readyz
    is 503 from now on, while DNS goes on being answered for who asks all the same. It lasts until
    --off, or until the server is begun anew.

    Exit code 1 without a server.
    """
    told = caller.call("server.undrain" if off else "server.drain")
    return Told(told, "No longer drained." if off else _DRAINED)
