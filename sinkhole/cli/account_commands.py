"""Who may sign in, and which programs may come in: `sinkhole account` and `sinkhole token`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sinkhole.cli.calling import Caller, calling
from sinkhole.cli.completion import names_by
from sinkhole.cli.options import (
    TimeSpan,
    config_option,
    confirm,
    honest,
    in_words,
    json_option,
    moment,
    print_json,
    yes_option,
)
from sinkhole.model.actor import FOR_TOKENS, ROLES
from sinkhole.model.errors import SinkholeError


def _account_names(caller: Caller) -> list[str]:
    return [str(each["name"]) for each in caller.call("accounts.list")["accounts"]]


def _token_names(caller: Caller) -> list[str]:
    return [str(each["name"]) for each in caller.call("tokens.list")["tokens"]]


_ACCOUNT = click.argument("name", shell_complete=names_by(_account_names))
_PASSWORD = click.option(
    "--password-file",
    type=click.File("r", encoding="utf-8"),
    help="A file with the password as its first line; - is standard input.",
)


# ---- accounts ----------------------------------------------------------------------------------


@click.group("account")
def account_group() -> None:
    """Accounts of people who sign in on the page.

    Roles are viewer (sees everything), operator (also switches the filter, changes lists and rules)
    and admin. Passwords are read from the terminal, from --password-file or from standard input.
    """


@account_group.command("list")
@json_option
@config_option
@honest
def account_list(as_json: bool, config: Path | None) -> None:
    """Show all accounts. Exit code 0, also where there is none."""
    with calling(config) as caller:
        accounts = caller.call("accounts.list")["accounts"]
    if as_json:
        print_json(accounts)
    elif not accounts:
        click.echo("There are no accounts: this machine itself may do everything.")
    else:
        from sinkhole.cli.console import print_table

        print_table(
            ("Name", "Role", "Second factor", "Sessions#", "Tokens#", "Since"),
            [_account_row(each) for each in accounts],
        )


def _account_row(each: dict[str, Any]) -> tuple[str, ...]:
    second = f"yes, {each['recovery_codes']} codes" if each["second_factor"] else "no"
    counts = str(each["sessions"]), str(each["tokens"])
    return (each["name"], each["role"], second, *counts, moment(each["created"]))


@account_group.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    help="Role; without it the first account is an admin, others are viewers.",
)
@_PASSWORD
@json_option
@config_option
@honest
def account_add(
    name: str, role: str | None, password_file: Any, as_json: bool, config: Path | None
) -> None:
    """Make an account for somebody.

    Once there is one, this machine's browsers need one as well; these commands do not. Exit code 1
    when the name is taken or the password too short.
    """
    given = {"name": name, "password": _password(password_file)}
    if role is not None:
        given["role"] = role
    with calling(config) as caller:
        told = caller.call("accounts.add", given)
    _tell(told, f"{told['name']}: added, {told['role']}", as_json)


@account_group.command("remove")
@_ACCOUNT
@yes_option
@json_option
@config_option
@honest
def account_remove(name: str, yes: bool, as_json: bool, config: Path | None) -> None:
    """Remove an account, its sessions and its tokens. Exit code 1 for the only admin."""
    confirm(f"Remove the account {name}, its sessions and its tokens?", yes=yes)
    with calling(config) as caller:
        _tell(caller.call("accounts.remove", {"name": name}), f"{name}: removed", as_json)


@account_group.command("password")
@_ACCOUNT
@_PASSWORD
@json_option
@config_option
@honest
def account_password(name: str, password_file: Any, as_json: bool, config: Path | None) -> None:
    """Give an account another password, which signs it out everywhere.

    Exit code 1 when there is none of this name, or the password is too short.
    """
    given = {"name": name, "password": _password(password_file)}
    with calling(config) as caller:
        _tell(caller.call("accounts.set_password", given), f"{name}: changed", as_json)


@account_group.command("role")
@_ACCOUNT
@click.argument("role", type=click.Choice(ROLES))
@json_option
@config_option
@honest
def account_role(name: str, role: str, as_json: bool, config: Path | None) -> None:
    """Give an account another role; it counts at once. Exit code 1 for the only admin."""
    with calling(config) as caller:
        told = caller.call("accounts.set_role", {"name": name, "role": role})
    _tell(told, f"{told['name']}: {told['role']}", as_json)


@account_group.command("sign-out")
@_ACCOUNT
@json_option
@config_option
@honest
def account_sign_out(name: str, as_json: bool, config: Path | None) -> None:
    """End all sessions of an account. Exit code 1 when there is none of this name."""
    with calling(config) as caller:
        told = caller.call("accounts.sign_out", {"name": name})
    _tell(told, f"{name}: {told['sessions']} sessions ended", as_json)


@account_group.command("totp")
@_ACCOUNT
@click.option("--off", is_flag=True, required=True, help="Give the second factor up.")
@yes_option
@json_option
@config_option
@honest
def account_totp(name: str, off: bool, yes: bool, as_json: bool, config: Path | None) -> None:
    """Give up the second factor of somebody who has lost it.

    It can be set up anew after signing in. Exit code 1 when there is no account of this name.
    """
    confirm(f"Let {name} sign in by the password alone?", yes=yes)
    with calling(config) as caller:
        told = caller.call("accounts.second_factor_off", {"name": name})
    _tell(told, f"{name}: no second factor", as_json)


def _password(file: Any) -> str:
    """The first line of a file, else what is typed twice on a terminal, else standard input."""
    if file is None and sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = (file or sys.stdin).readline().rstrip("\r\n")
    if not password:
        raise SinkholeError("no password was given: the file or standard input has none")
    return str(password)


def _tell(told: Any, words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        click.echo(words)


# ---- tokens ------------------------------------------------------------------------------------


@click.group("token")
def token_group() -> None:
    """Tokens, by which programs use the API.

    Each may do what it was given, and no more than who made it.
    """


@token_group.command("list")
@json_option
@config_option
@honest
def token_list(as_json: bool, config: Path | None) -> None:
    """Show all tokens, what they may and when each was last used. Exit code 0."""
    with calling(config) as caller:
        tokens = caller.call("tokens.list")["tokens"]
    if as_json:
        print_json(tokens)
    elif not tokens:
        click.echo("There are no tokens.")
    else:
        from sinkhole.cli.console import print_table

        print_table(
            ("Name", "Id", "May", "Made by", "Last used", "Ends in"),
            [_token_row(each) for each in tokens],
        )


def _token_row(each: dict[str, Any]) -> tuple[str, ...]:
    left_s = each["left_s"]
    ends = "never" if left_s is None else in_words(left_s) if left_s else "over"
    used = moment(each["used"]) + (f" from {each['address']}" if each["address"] else "")
    may = ", ".join(each["may"])
    return (each["name"], each["id"], may, each["made_by"] or "this machine", used, ends)


@token_group.command("add")
@click.argument("name")
@click.option(
    "--may",
    "permissions",
    type=click.Choice(sorted(each.value for each in FOR_TOKENS)),
    multiple=True,
    required=True,
    metavar="PERMISSION",
    help=f"What it may do, given once for each: {', '.join(sorted(FOR_TOKENS))}.",
)
@click.option("--for", "time_span", type=TimeSpan(), help="It ends after a time such as 90d.")
@json_option
@config_option
@honest
def token_add(
    name: str,
    permissions: tuple[str, ...],
    time_span: float | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Make a token for a program.

    Its secret is printed now and never again. The program sends it as `Authorization: Bearer
    SECRET`. Exit code 1 when it can't be made.
    """
    given = {"name": name, "permissions": list(permissions), "lasts_s": time_span}
    with calling(config) as caller:
        told = caller.call("tokens.add", given)
    if as_json:
        print_json(told)
    else:
        click.echo(told["secret"])
        click.echo("Keep it: it is shown this once only.", err=True)


@token_group.command("remove")
@click.argument("token", shell_complete=names_by(_token_names))
@json_option
@config_option
@honest
def token_remove(token: str, as_json: bool, config: Path | None) -> None:
    """Remove a token by its name or id; it counts at once. Exit code 1 when there is none such."""
    with calling(config) as caller:
        told = caller.call("tokens.remove", {"token": token})
    _tell(told, f"{told['name']}: removed", as_json)
