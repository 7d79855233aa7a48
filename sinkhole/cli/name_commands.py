"""One name: `sinkhole block`, `allow` and `query`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from sinkhole.cli.calling import calling
from sinkhole.cli.options import (
    TimeSpan,
    config_option,
    confirm,
    honest,
    in_words,
    json_option,
    print_json,
    yes_option,
)

TRIAL_PATIENCE_S: Final = 60.0
"""How long the server may try something on a week of its log."""

LONGEST_RULE_S: Final = 365 * 86_400
"""How long a rule that is made for a time may be in force; the server has the same bound."""

F = TypeVar("F", bound=Callable[..., Any])


def _choice_options(function: F) -> F:
    for add in (
        click.argument("name"),
        click.option("--client", help="For this client only: its address, name or id."),
        click.option(
            "--for", "time_span", type=TimeSpan(LONGEST_RULE_S), help="For a time such as 1h."
        ),
        click.option("--type", "qtype", default="A", show_default=True, help="The record type."),
        click.option("--dry-run", is_flag=True, help="Only tell what would change."),
        yes_option,
        json_option,
        config_option,
    )[::-1]:
        function = add(function)
    return function


@click.command()
@_choice_options
@honest
def block(name: str, **chosen: Any) -> None:
    """Block NAME and all below it, by the mildest rule that does.

    Tells first which rules it adds or removes, and what they would have changed of the last week's
    queries; on a terminal it then asks. With --client it counts for one client, with --for until a
    time has passed, which survives a restart. Own rules of the settings file are changed there.

    Needs the running server. Exit code 1 when nothing could be done, 0 when nothing had to be.
    """
    _choose("block", name, **chosen)


@click.command()
@_choice_options
@honest
def allow(name: str, **chosen: Any) -> None:
    """Allow NAME and all below it, whatever lists say.

    Tells first which rules it adds or removes, and what they would have changed of the last week's
    queries; on a terminal it then asks. With --client it counts for one client, with --for until a
    time has passed, which survives a restart. Own rules of the settings file are changed there.

    Needs the running server. Exit code 1 when nothing could be done, 0 when nothing had to be.
    """
    _choose("allow", name, **chosen)


@click.command()
@click.argument("name")
@click.option("--type", "qtype", default="A", show_default=True, help="The record type asked for.")
@click.option("--client", default="", help="Who asks: an address, or a client's name or id.")
@json_option
@config_option
@honest
def query(name: str, qtype: str, client: str, as_json: bool, config: Path | None) -> None:
    """Ask for NAME as a client would, and tell why.

    Tells the answer and who decided it. The server answers as it does its clients: rules, local
    names, cache, upstreams. Neither log nor statistics count it. Exit code 0 whatever the
    answer, 1 when none could be had.
    """
    with calling(config, offline=False) as caller:
        told = caller.call("query.ask", {"name": name, "type": qtype, "client": client})
    if as_json:
        print_json(told)
        return
    for record in told["records"]:
        click.echo(f"{record['name']}  {record['ttl']}  {record['type']}  {record['data']}")
    click.echo(f"{told['rcode']}, {told['outcome']}, in {told['duration_ms']:.1f} ms{_why(told)}")
    for error in told["extended_errors"]:
        click.echo(f"extended error {error['code']}: {error['text']}")


def _why(told: dict[str, Any]) -> str:
    """Who decided, behind a comma; "" where nobody had to."""
    found = [f"answered by {told['upstream']}"] if told["upstream"] else []
    if told["list"]:
        line = f" line {told['line']}" if told["line"] else ""
        rule = f": {told['rule']}" if told["rule"] else ""
        found.append(f"{'allowed' if told['allowed'] else 'decided'} by {told['list']}{line}{rule}")
    if told["hop"]:
        found.append(f"because of {told['hop']}")
    if told["detail"]:
        found.append(told["detail"])
    return "".join(f", {each}" for each in found)


def _choose(
    action: str,
    name: str,
    client: str | None,
    time_span: float | None,
    qtype: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    given = {
        "name": name,
        "type": qtype,
        "client": client or "",
        "action": action,
        "scope": "client" if client else "everybody",
        "seconds": time_span,
    }
    with calling(config, offline=False) as caller:
        told = caller.call("names.preview", given, patience_s=TRIAL_PATIENCE_S)
        is_to_do = bool(told["add"] or told["remove"] or told["ended"])
        if not as_json:
            _print_preview(action, name, told, time_span, client)
        if is_to_do and not dry_run:
            confirm(f"{action.capitalize()} it?", yes=yes or as_json, must_ask=False)
            told = caller.call("names.choose", given)
    if as_json:
        print_json(told)
    elif is_to_do and not dry_run:
        click.echo("Done; it counts from the next query on.")


def _print_preview(
    action: str, name: str, told: dict[str, Any], time_span: float | None, client: str | None
) -> None:
    now, then = (_judged(told[key]) for key in ("before", "after"))
    scope = f" for {client}" if client else ""
    span = f" for {in_words(time_span)}" if time_span is not None else ""
    if not (told["add"] or told["remove"] or told["ended"]):
        click.echo(f"{name} is {now}{scope} already.")
        return
    click.echo(f"{name} is {now}{scope}, and would be {then}{span}:")
    for sign, rules in (("+", told["add"]), ("-", told["remove"]), ("-", told["ended"])):
        for rule in rules:
            click.echo(f"  {sign} {rule}")
    if told["note"]:
        click.echo(told["note"])
    print_effect(told["log"], told["log_error"], client or "")


def _judged(judgement: dict[str, Any]) -> str:
    word = "blocked" if judgement["blocked"] else "allowed" if judgement["allowed"] else "let pass"
    word = "rewritten" if judgement["outcome"] == "rewritten" else word
    by = judgement["list"]
    return f"{word} (by {by})" if by else word


def print_effect(log: dict[str, Any] | None, error: str | None, whose: str = "") -> None:
    """What rules would have changed of the log, of all or of somebody."""
    by = f" by {whose}" if whose else ""
    if log is None:
        if error:
            click.echo(f"What it would have changed of your queries is not known: {error}")
        return
    if not log["queries"]:
        click.echo(f"The log has no queries{by} of the last {log['days']} days to try it on.")
        return
    blocked, freed = log["queries_blocked"], log["queries_freed"]
    click.echo(
        f"Of {log['queries']:,} queries{by} of the last {log['days']} days it would have blocked "
        f"{blocked:,} and let {freed:,} pass ({log['percent']:g} %)."
    )
    if log["partial"]:
        click.echo(f"Only the first {log['names_asked']:,} names of the log were looked at.")
    if log["top"]:
        from sinkhole.cli.console import print_table

        print_table(
            ("Queries#", "Name", "Becomes", "Asked by"),
            [
                (f"{each['queries']:,}", each["name_unicode"], each["becomes"], _askers(each))
                for each in log["top"]
            ],
        )


def _askers(row: dict[str, Any]) -> str:
    return ", ".join(
        f"{each['client_name'] or each['client']} ({each['queries']:,})" for each in row["clients"]
    )
