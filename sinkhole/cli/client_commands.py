"""Who there is, and what applies to whom: `sinkhole clients`, `groups`, `schedules`, `devices`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.completion import Complete, names_by
from sinkhole.cli.household_commands import (
    add_list,
    add_remove,
    add_rename,
    done,
    names_of,
    rename_option,
    together,
)
from sinkhole.cli.options import F
from sinkhole.cli.policy_preview import Tried, preview_options
from sinkhole.cli.settings_commands import dry_run_option, read_value, told_change
from sinkhole.cli.telling import Told, asking

_KNOWN_BY = ("addresses", "macs", "ids", "hosts")
_ARGUMENTS = frozenset({"name", "rename", "keep", "dry_run", "group", "schedules"})
"""What commands say by arguments and options of their own."""

_NOT_SAID = frozenset({"name", "group", "tags", "windows", "schedules", *_KNOWN_BY})


# ---- what applies ------------------------------------------------------------------------------


def policy_options(function: F) -> F:
    """What applies to a group or client, in words: as many KEY=VALUE as there are, and those that
    count during a schedule."""
    during = click.option(
        "--during",
        nargs=2,
        multiple=True,
        metavar="SCHEDULE KEY=VALUE",
        help="What is different while a schedule is open; once for each KEY=VALUE.",
    )
    return click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")(during(function))


keep_option = click.option(
    "--keep", is_flag=True, help="What is left out stays as it is, instead of being gone."
)


def policy_values(values: Iterable[str], during: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What these options come to, as the operations take it."""
    pairs: dict[str, list[str]] = {}
    for schedule, pair in during:
        pairs.setdefault(schedule, []).append(pair)
    said = _said(values)
    if pairs:
        said["schedules"] = [{"when": each, **_said(some)} for each, some in pairs.items()]
    return said


def _said(pairs: Iterable[str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not (key and sign):
            raise click.UsageError(f"{pair!r}: write KEY=VALUE, such as allow_only=true")
        *above, last = key.split(".")
        place = said
        for each in above:
            place = place.setdefault(each, {})
            if not isinstance(place, dict):
                raise click.UsageError(f"{each} is one value, and cannot hold {last} as well")
        if last in place:
            hint = "; what counts during a schedule needs a --during of its own"
            raise click.UsageError(f"{key} is said twice{hint}")
        if key in _ARGUMENTS:
            raise click.UsageError(f"{key} is no part of what applies; see the options")
        place[last] = read_value(key, text)
    return said


def _applies(value: Mapping[str, Any]) -> list[str]:
    """What a group or client says, and during what, in two cells."""
    said = [each for each in value if each not in _NOT_SAID]
    return [", ".join(said), ", ".join(each["when"] for each in value.get("schedules", ()))]


# ---- clients -----------------------------------------------------------------------------------


@click.group("clients")
def clients_group() -> None:
    """Give devices names, and say what applies to them.

    \b
    By its address:      sinkhole clients set 'Kids tablet' --address 192.0.2.7
    By its MAC:          sinkhole clients set TV --mac 02:00:5e:10:00:01 --group screens
    By an id of its:     sinkhole clients set Phone --id phone
    What applies to it:  sinkhole clients set TV --address 192.0.2.9 filtering=false
    """


add_list(
    clients_group,
    "clients",
    "Show all clients that have a name.",
    ("Known by", "Group", "Tags", "Says", "During"),
    lambda value: [
        together([each for key in _KNOWN_BY for each in value.get(key, ())]),
        value.get("group", ""),
        together(value.get("tags")),
        *_applies(value),
    ],
)


@clients_group.command("set")
@click.argument("name", shell_complete=names_of("clients"))
@policy_options
@click.option("--address", "addresses", multiple=True, help="An address or network of it.")
@click.option("--mac", "macs", multiple=True, help="Its hardware address, on this network.")
@click.option("--id", "ids", multiple=True, help="What it calls itself over encrypted DNS.")
@click.option("--host", "hosts", multiple=True, help="What the network calls it.")
@click.option("--tag", "tags", multiple=True, help="A tag for rules, such as device_tablet.")
@click.option("--group", shell_complete=names_of("groups"), help="The group that it is in.")
@keep_option
@rename_option
@dry_run_option
@preview_options
@asking()
def clients_set(
    caller: Caller,
    name: str,
    values: tuple[str, ...],
    during: tuple[tuple[str, str], ...],
    group: str | None,
    keep: bool,
    rename: str | None,
    dry_run: bool,
    tried: Tried,
    **known: tuple[str, ...],
) -> Told:
    """Make a client known as NAME, or change what it is known by and what applies to it.

    It is known by all that is given, and by nothing else: what is left out is gone, but with --keep
    it stays. KEY=VALUE are written as in the settings file, a key inside another with a dot:
    'services=[tiktok]', safe_search.google=true; `sinkhole settings reference clients` explains all
    of them. Exit code 1 when it does not fit, or the settings file holds it.
    """
    given: dict[str, Any] = {key: list(each) for key, each in known.items()}
    given |= {"group": group, "keep": keep, "rename": rename} | policy_values(values, during)
    return done(caller, "clients.set", name, dry_run, tried, **given)


add_rename(
    clients_group,
    "clients",
    "Call the client NAME NEW_NAME everywhere, in rules for it and pauses as well.",
)
add_remove(clients_group, "clients", "Forget a client; its queries stay in the log.")

# ---- groups and schedules ----------------------------------------------------------------------


@click.group("groups")
def groups_group() -> None:
    """Say what applies to clients that belong together.

    \b
    Blocks services:      sinkhole groups set kids 'services=[tiktok]' safe_search.google=true
    Asks chosen lists:    sinkhole groups set guests 'lists=[Ads]' privacy=no_names
    During a schedule:    sinkhole groups set kids --during bedtime allow_only=true
    For everybody else:   sinkhole groups set default 'categories=[malware]'
    """


add_list(
    groups_group,
    "groups",
    "Show all groups.",
    ("Says", "During"),
    _applies,
)


@groups_group.command("set")
@click.argument("name", shell_complete=names_of("groups"))
@policy_options
@keep_option
@rename_option
@dry_run_option
@preview_options
@asking()
def groups_set(
    caller: Caller,
    name: str,
    values: tuple[str, ...],
    during: tuple[tuple[str, str], ...],
    keep: bool,
    rename: str | None,
    dry_run: bool,
    tried: Tried,
) -> Told:
    """Say what applies to the group NAME; what is left out is as for the household.

    With --keep, what is left out stays as it is. KEY=VALUE are written as in the settings file, a
    key inside another with a dot: 'services=[tiktok]', safe_search.google=true; `sinkhole settings
    reference groups` explains all of them. Exit code 1 when it does not fit, or the settings file
    holds it.
    """
    said = policy_values(values, during)
    return done(caller, "groups.set", name, dry_run, tried, rename=rename, keep=keep, **said)


add_rename(
    groups_group,
    "groups",
    "Call the group NAME NEW_NAME everywhere: its clients, its pause and the log follow.",
)
add_remove(groups_group, "groups", "Forget a group; refused while a client is in it.")


@click.group("schedules")
def schedules_group() -> None:
    """Give hours of the week a name, for groups and clients.

    \b
    At night:   sinkhole schedules set bedtime 'sun-thu 21:00-07:00' 'fri,sat 22:30-08:00'
    Every noon: sinkhole schedules set lunch 'daily 12:00-13:00'
    """


add_list(
    schedules_group,
    "schedules",
    "Show all schedules.",
    ("Open",),
    lambda value: [together(value.get("windows"))],
)


@schedules_group.command("set")
@click.argument("name", shell_complete=names_of("schedules"))
@click.argument("windows", nargs=-1, required=True, metavar="WINDOW...")
@rename_option
@dry_run_option
@preview_options
@asking()
def schedules_set(
    caller: Caller,
    name: str,
    windows: tuple[str, ...],
    rename: str | None,
    dry_run: bool,
    tried: Tried,
) -> Told:
    """Have NAME stand for these hours of the week, in place of those it has.

    Each WINDOW is written as 'mon-thu 21:00-07:00': days, and from when to when, by the clock of
    the household. One that ends no later than it begins ends on the next day. Exit code 1 when one
    does not fit, or the settings file holds the schedule.
    """
    said = {"rename": rename, "windows": list(windows)}
    return done(caller, "schedules.set", name, dry_run, tried, **said)


add_rename(
    schedules_group,
    "schedules",
    "Call the schedule NAME NEW_NAME, also where groups and clients go by it.",
)
add_remove(
    schedules_group,
    "schedules",
    "Forget a schedule; refused while a group or client goes by it.",
)

# ---- devices -----------------------------------------------------------------------------------


def _devices() -> Complete:
    """What completes a device."""

    def ids(caller: Caller) -> Iterable[str]:
        return [str(each["id"]) for each in caller.call("devices.list")["devices"]]

    return names_by(ids)


_DEVICE = click.argument("device", shell_complete=_devices())


@click.group("devices")
def devices_group() -> None:
    """Show who asks, and make named clients of them.

    \b
    All of them:     sinkhole devices list
    One is named:    sinkhole devices adopt 02:00:5e:10:00:01 'Kids tablet' --group kids
    """


@devices_group.command("list")
@asking(offline=False)
def devices_list(caller: Caller) -> Told:
    """Show all devices that asked lately, the last one first.

    A DEVICE of other commands is its MAC, an address, or a name that the network has for it. Exit
    code 0.
    """
    told = caller.call("devices.list")
    if not told["devices"]:
        return Told(told, told["hidden"] or "Nobody has asked yet.")

    def show() -> None:
        from sinkhole.cli.console import print_table

        print_table(
            ("Device", "Name", "Client", "Group", "Addresses", "Maker", "Queries", "Last seen"),
            [_row(each) for each in told["devices"]],
        )

    return Told(told, show)


def _row(device: Mapping[str, Any]) -> tuple[str, ...]:
    first, *more = [each["address"] for each in device["addresses"]] or [""]
    return (
        device["id"],
        device["name"],
        device["client"],
        device["group"],
        f"{first} and {len(more)} more" if more else first,
        "(many devices)" if device["stands_for_many"] else device["maker"],
        f"{device['queries']:,}",
        _time(device["last_seen"]),
    )


@devices_group.command("show")
@_DEVICE
@asking(offline=False)
def devices_show(caller: Caller, device: str) -> Told:
    """Show all that is known of one device. Exit code 1 when there is none."""
    told = caller.call("devices.show", {"device": device})
    return Told(told, "\n".join(_lines(told)))


def _lines(told: Mapping[str, Any]) -> Iterable[str]:
    yield f"Device     {told['id']}" + (", which made its MAC up" if told["random_mac"] else "")
    if told["maker"]:
        yield f"Maker      {told['maker']}"
    for each in told["names"]:
        yield f"Name       {', '.join(each['names'])} ({each['source'].replace('_', ' ')})"
    for each in told["addresses"]:
        yield f"Address    {each['address']}, last seen {_time(each['last_seen'])}"
    by = f", known by its {told['known_by']}" if told["known_by"] else ""
    yield f"Client     {told['client'] or 'none of the settings'}{by}, group {told['group']}"
    yield f"Seen       first {_time(told['first_seen'])}, last {_time(told['last_seen'])}"
    yield f"Queries    {told['queries']:,}"
    if told["stands_for_many"]:
        yield f"Notice     {told['stands_for_many']}"


def _time(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"


@devices_group.command("adopt")
@_DEVICE
@click.argument("name", shell_complete=names_of("clients"))
@click.option("--group", shell_complete=names_of("groups"), help="The group of a new client.")
@dry_run_option
@asking(offline=False)
def devices_adopt(caller: Caller, device: str, name: str, group: str | None, dry_run: bool) -> Told:
    """Make DEVICE a client called NAME, or one of its devices where there is one.

    It is known by its MAC from then on, else by its addresses or its id. A client there is stays in
    the group that it has.

    Exit code 1 when there is no such device, it has a name already, or the settings file holds the
    client.
    """
    given = {"device": device, "name": name, "group": group, "dry_run": dry_run}
    return told_change(caller.call("devices.adopt", given))


@devices_group.command("forget")
@_DEVICE
@asking(offline=False)
def devices_forget(caller: Caller, device: str) -> Told:
    """Take DEVICE out of the list; it comes back when it asks. Exit code 1 when there is none."""
    return Told(caller.call("devices.forget", {"device": device}), f"{device} is forgotten.")
