"""What is refused besides lists: `sinkhole rules`, `services` and `safe-search`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sinkhole.cli.calling import Caller, calling
from sinkhole.cli.completion import names_by
from sinkhole.cli.name_commands import LONGEST_RULE_S, TRIAL_PATIENCE_S, print_effect
from sinkhole.cli.options import TimeSpan, config_option, honest, in_words, json_option
from sinkhole.cli.telling import Told, asking, tell


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
@asking()
def rules_list(caller: Caller) -> Told:
    """Show own rules, whether each is in use, and those made for a time. Exit code 0."""
    return _rules(caller.call("rules.list"))


@rules_group.command("add")
@click.argument("rules", nargs=-1, required=True)
@click.option("--for", "time_span", type=TimeSpan(LONGEST_RULE_S), help="For a time such as 1h.")
@click.option("--note", default="", help="What they are for.")
@asking()
def rules_add(caller: Caller, rules: tuple[str, ...], time_span: float | None, note: str) -> Told:
    """Add own rules, all of them or none.

    They count from the next query on. Exit code 1 when one of them is no rule that sinkhole knows.
    """
    given = {"rules": list(rules), "seconds": time_span, "note": note}
    return _rules(caller.call("rules.add", given))


@rules_group.command("remove")
@click.argument("rules", nargs=-1, required=True, shell_complete=names_by(_own_rules))
@asking()
def rules_remove(caller: Caller, rules: tuple[str, ...]) -> Told:
    """Remove own rules.

    They are given as `rules list` shows them, those made for a time also by their number. Exit
    code 1 when there is no such rule, or the settings file holds it.
    """
    numbers = [int(each) for each in rules if each.isdecimal()]
    texts = [each for each in rules if not each.isdecimal()]
    told: Any = None
    if texts:
        told = caller.call("rules.remove", {"rules": texts})
    if numbers:
        told = caller.call("rules.end", {"numbers": numbers})
    return _rules(told)


@rules_group.command("test")
@click.argument("rules", nargs=-1)
@click.option("--without", multiple=True, metavar="RULE", help="An own rule to take out.")
@click.option("--name", help="Try it on this name, too.")
@click.option("--type", "qtype", default="A", show_default=True, help="The record type asked for.")
@click.option("--client", default="", help="For this client: its address, name, id or MAC.")
@click.option("--group", default="", help="For those who are in this group.")
@click.option(
    "--days", type=click.IntRange(1, 90), default=7, show_default=True, help="Days of the log."
)
@asking(offline=False)
def rules_test(
    caller: Caller,
    rules: tuple[str, ...],
    without: tuple[str, ...],
    name: str | None,
    qtype: str,
    client: str,
    group: str,
    days: int,
) -> Told:
    """Tell what RULES would change.

    They are tried on the log's last days, and on a --name; for everybody by what applies to each,
    or only for one --client or --group. Nothing is changed.

    Exit code 1 when one of them is no rule, or no server runs.
    """
    if not (rules or without):
        raise click.UsageError("give RULES, or own rules to go --without")
    if client and group:
        raise click.UsageError("give a --client or a --group, not both")
    given: dict[str, Any] = {"add": list(rules), "remove": list(without), "log": True, "days": days}
    given |= {"client": client, "group": group}
    if name:
        given["question"] = {"name": name, "type": qtype, "client": client}
    told = caller.call("rules.test", given, patience_s=TRIAL_PATIENCE_S)

    def show() -> None:
        if name:
            before, after = (_outcome(told[key]) for key in ("before", "after"))
            click.echo(f"{name}: {before} now, {after} then, for {_asker(told['asker'])}")
        print_effect(told["log"], told["log_error"], client or (group and f"the group {group}"))

    return Told(told, show)


def _asker(asker: dict[str, Any]) -> str:
    if not asker["client"]:
        return f"the group {asker['group']}"
    return f"{asker['client']} (group {asker['group']})"


def _outcome(judgement: dict[str, Any]) -> str:
    by = f" (by {judgement['list']})" if judgement["list"] else ""
    return f"{'blocked' if judgement['blocked'] else 'let pass'}{by}"


def _rules(told: dict[str, Any]) -> Told:
    lines = []
    for each in told["rules"]:
        trouble = f"  (not in use: {each['complaint']})" if not each["in_use"] else ""
        lines.append(f"{each['rule']}{trouble}")
    for each in told["for_a_time"]:
        note = f", for {each['note']}" if each["note"] else ""
        lines.append(
            f"{each['rule']}  (number {each['number']}, {in_words(each['left_s'])} left, "
            f"by {each['made_by']}{note})"
        )
    return Told(told, "\n".join(lines) or "There are no own rules.")


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
            told = caller.call("services.list")
        tell(Told(told, lambda: _print_services(told)), as_json=as_json)


@services_group.command("block")
@click.argument("service", shell_complete=names_by(_services))
@asking()
def services_block(caller: Caller, service: str) -> Told:
    """Block SERVICE, or all of a group as group:social_network.

    Exit code 1 when there is none such.
    """
    told = caller.call("services.change", {"id": service, "blocked": True})
    return Told(told, f"{service}: blocked")


@services_group.command("unblock")
@click.argument("service", shell_complete=names_by(_services))
@asking()
def services_unblock(caller: Caller, service: str) -> Told:
    """Block SERVICE no longer. Exit code 1 for none such, or one of the settings file."""
    told = caller.call("services.change", {"id": service, "blocked": False})
    still = any(each["id"] == service and each["blocked"] for each in told["services"])
    words = "still blocked, as its group is" if still else "no longer blocked"
    return Told(told, f"{service}: {words}")


def _print_services(told: dict[str, Any]) -> None:
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
            told = _engine_levels(caller.call("safe_search.show"))
        tell(told, as_json=as_json)


@safe_search_group.command("set")
@click.argument(
    "engines", nargs=-1, required=True, metavar="ENGINE=LEVEL...", shell_complete=names_by(_engines)
)
@asking()
def safe_search_set(caller: Caller, engines: tuple[str, ...]) -> Told:
    """Set the level of search engines.

    It is off or strict, for youtube moderate as well. For example: sinkhole safe-search set
    google=strict youtube=moderate. Exit code 1 when there is no such engine or level.
    """
    pairs = [each.partition("=") for each in engines]
    if odd := [each for each, sign, level in pairs if not (sign and level)]:
        raise click.UsageError(f"{odd[0]!r}: write ENGINE=LEVEL, such as google=strict")
    given = {"engines": {engine: level for engine, _, level in pairs}}
    return _engine_levels(caller.call("safe_search.change", given))


def _engine_levels(told: dict[str, Any]) -> Told:
    lines = (f"{each['id']:12} {each['level']:9} ({each['name']})" for each in told["engines"])
    return Told(told, "\n".join(lines))
