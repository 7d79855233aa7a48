"""What is refused besides lists: `sinkhole rules`, `services` and `safe-search`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sinkhole.cli.calling import Caller, calling
from sinkhole.cli.completion import names_by
from sinkhole.cli.name_commands import TRIAL_PATIENCE_S, print_effect
from sinkhole.cli.options import (
    TimeSpan,
    config_option,
    honest,
    in_words,
    json_option,
    print_json,
)


def _own_rules(caller: Caller) -> list[str]:
    return [str(each["rule"]) for each in caller.call("rules.list")["rules"]]


def _services(caller: Caller) -> list[str]:
    told = caller.call("services.list")
    groups = [f"group:{each['name']}" for each in told["groups"]]
    return [*(str(each["id"]) for each in told["services"]), *groups]


def _engines(caller: Caller) -> list[str]:
    engines = caller.call("safe_search.show")["engines"]
    return [f"{each['id']}={level}" for each in engines for level in each["levels"]]


# ---- rules -------------------------------------------------------------------------------------


@click.group("rules")
def rules_group() -> None:
    """Show, add, remove and try own rules.

    They are written as in lists.

    \b
    Block a name and all below it:  sinkhole rules add '||ads.example.org^'
    Allow one that a list blocks:   sinkhole rules add '@@||shop.example.org^'
    Try it before:                  sinkhole rules test '||ads.example.org^'
    """


@rules_group.command("list")
@json_option
@config_option
@honest
def rules_list(as_json: bool, config: Path | None) -> None:
    """Show own rules, whether each is in use, and those made for a time. Exit code 0."""
    with calling(config) as caller:
        told = caller.call("rules.list")
    _tell_rules(told, as_json)


@rules_group.command("add")
@click.argument("rules", nargs=-1, required=True)
@click.option("--for", "time_span", type=TimeSpan(), help="For a time such as 1h.")
@click.option("--note", default="", help="What they are for.")
@json_option
@config_option
@honest
def rules_add(
    rules: tuple[str, ...], time_span: float | None, note: str, as_json: bool, config: Path | None
) -> None:
    """Add own rules, all of them or none.

    They count from the next query on. Exit code 1 when one of them is no rule that sinkhole knows.
    """
    given = {"rules": list(rules), "seconds": time_span, "note": note}
    with calling(config) as caller:
        told = caller.call("rules.add", given)
    _tell_rules(told, as_json)


@rules_group.command("remove")
@click.argument("rules", nargs=-1, required=True, shell_complete=names_by(_own_rules))
@json_option
@config_option
@honest
def rules_remove(rules: tuple[str, ...], as_json: bool, config: Path | None) -> None:
    """Remove own rules.

    They are given as `rules list` shows them, those made for a time also by their number. Exit
    code 1 when there is no such rule, or the settings file holds it.
    """
    numbers = [int(each) for each in rules if each.isdecimal()]
    texts = [each for each in rules if not each.isdecimal()]
    told: Any = None
    with calling(config) as caller:
        if texts:
            told = caller.call("rules.remove", {"rules": texts})
        if numbers:
            told = caller.call("rules.end", {"numbers": numbers})
    _tell_rules(told, as_json)


@rules_group.command("test")
@click.argument("rules", nargs=-1)
@click.option("--without", multiple=True, metavar="RULE", help="An own rule to take out.")
@click.option("--name", help="Try it on this name, too.")
@click.option("--type", "qtype", default="A", show_default=True, help="The record type asked for.")
@click.option("--client", default="", help="Who asks for it: an address, a client's name or id.")
@click.option(
    "--days", type=click.IntRange(1, 90), default=7, show_default=True, help="Days of the log."
)
@json_option
@config_option
@honest
def rules_test(
    rules: tuple[str, ...],
    without: tuple[str, ...],
    name: str | None,
    qtype: str,
    client: str,
    days: int,
    as_json: bool,
    config: Path | None,
) -> None:
    """Tell what RULES would change.

    They are tried on the log's last days, and on a --name. Nothing is changed. Exit code 1 when
    one of them is no rule, or no server runs.
    """
    given: dict[str, Any] = {"add": list(rules), "remove": list(without), "log": True, "days": days}
    if name:
        given["question"] = {"name": name, "type": qtype, "client": client}
    with calling(config, offline=False) as caller:
        told = caller.call("rules.test", given, patience_s=TRIAL_PATIENCE_S)
    if as_json:
        print_json(told)
        return
    if name:
        before, after = (_outcome(told[key]) for key in ("before", "after"))
        click.echo(f"{name}: {before} now, {after} then")
    print_effect(told["log"], told["log_error"])


def _outcome(judgement: dict[str, Any]) -> str:
    by = f" (by {judgement['list']})" if judgement["list"] else ""
    return f"{'blocked' if judgement['blocked'] else 'let pass'}{by}"


def _tell_rules(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    for each in told["rules"]:
        trouble = f"  (not in use: {each['complaint']})" if not each["in_use"] else ""
        click.echo(f"{each['rule']}{trouble}")
    for each in told["for_a_time"]:
        note = f", for {each['note']}" if each["note"] else ""
        click.echo(
            f"{each['rule']}  (number {each['number']}, {in_words(each['left_s'])} left, "
            f"by {each['made_by']}{note})"
        )
    if not told["rules"] and not told["for_a_time"]:
        click.echo("There are no own rules.")


# ---- services and safe search ------------------------------------------------------------------


@click.group("services", invoke_without_command=True)
@json_option
@config_option
@click.pass_context
@honest
def services_group(context: click.Context, as_json: bool, config: Path | None) -> None:
    """Block services as a whole, such as tiktok.

    Without a command it shows all of them, and which are blocked.
    """
    if context.invoked_subcommand is None:
        with calling(config) as caller:
            _tell_services(caller.call("services.list"), as_json)


@services_group.command("block")
@click.argument("service", shell_complete=names_by(_services))
@json_option
@config_option
@honest
def services_block(service: str, as_json: bool, config: Path | None) -> None:
    """Block SERVICE, or all of a group as group:social. Exit code 1 when there is none such."""
    _change_service(service, True, as_json, config)


@services_group.command("unblock")
@click.argument("service", shell_complete=names_by(_services))
@json_option
@config_option
@honest
def services_unblock(service: str, as_json: bool, config: Path | None) -> None:
    """Block SERVICE no longer. Exit code 1 for none such, or one of the settings file."""
    _change_service(service, False, as_json, config)


def _change_service(service: str, blocked: bool, as_json: bool, config: Path | None) -> None:
    with calling(config) as caller:
        told = caller.call("services.change", {"id": service, "blocked": blocked})
    if as_json:
        print_json(told)
    else:
        click.echo(f"{service}: {'blocked' if blocked else 'no longer blocked'}")


def _tell_services(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    from sinkhole.cli.console import print_table

    def state(each: dict[str, Any]) -> str:
        return ("by its group" if each["by_group"] else "blocked") if each["blocked"] else ""

    print_table(
        ("Id", "Name", "Group", "Blocked"),
        [(each["id"], each["name"], each["group"], state(each)) for each in told["services"]],
    )


@click.group("safe-search", invoke_without_command=True)
@json_option
@config_option
@click.pass_context
@honest
def safe_search_group(context: click.Context, as_json: bool, config: Path | None) -> None:
    """Have search engines leave out what is no child's.

    Without a command it shows the level of each.
    """
    if context.invoked_subcommand is None:
        with calling(config) as caller:
            _tell_engines(caller.call("safe_search.show"), as_json)


@safe_search_group.command("set")
@click.argument(
    "engines", nargs=-1, required=True, metavar="ENGINE=LEVEL...", shell_complete=names_by(_engines)
)
@json_option
@config_option
@honest
def safe_search_set(engines: tuple[str, ...], as_json: bool, config: Path | None) -> None:
    """Set the level of search engines.

    It is off or strict, for youtube moderate as well. For example: sinkhole safe-search set
    google=strict youtube=moderate. Exit code 1 when there is no such engine or level.
    """
    pairs = [each.partition("=") for each in engines]
    if odd := [each for each, sign, level in pairs if not (sign and level)]:
        raise click.UsageError(f"{odd[0]!r}: write ENGINE=LEVEL, such as google=strict")
    given = {"engines": {engine: level for engine, _, level in pairs}}
    with calling(config) as caller:
        _tell_engines(caller.call("safe_search.change", given), as_json)


def _tell_engines(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    for each in told["engines"]:
        click.echo(f"{each['id']:12} {each['level']:9} ({each['name']})")
