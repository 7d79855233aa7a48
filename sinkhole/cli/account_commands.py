"""Who may sign in, and which programs may come in: `sinkhole account` and `sinkhole token`."""

from __future__ import annotations

import sys
from typing import Any

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.completion import names_by
from sinkhole.cli.options import TimeSpan, confirm, in_words, moment, yes_option
from sinkhole.cli.telling import Told, asking
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
@asking()
def account_list(caller: Caller) -> Told:
    """Show all accounts. Exit code 0, also where there is none."""
    accounts = caller.call("accounts.list")["accounts"]
    if not accounts:
        return Told(accounts, "There are no accounts: this machine itself may do everything.")

    def show() -> None:
        from sinkhole.cli.console import print_table

        print_table(
            ("Name", "Role", "Second factor", "Sessions#", "Tokens#", "Since", "Signed in"),
            [_account_row(each) for each in accounts],
        )

    return Told(accounts, show)


def _account_row(each: dict[str, Any]) -> tuple[str, ...]:
    second = f"yes, {each['recovery_codes']} codes" if each["second_factor"] else "no"
    counts = str(each["sessions"]), str(each["tokens"])
    last = "never" if each["signed_in"] is None else moment(each["signed_in"])
    return (each["name"], each["role"], second, *counts, moment(each["created"]), last)


@account_group.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    help="Role; without it the first account is an admin, others are viewers.",
)
@_PASSWORD
@asking()
def account_add(caller: Caller, name: str, role: str | None, password_file: Any) -> Told:
    """Make an account for somebody.

    Once there is one, this machine's browsers need one as well; these commands do not. Exit code 1
    when the name is taken or the password too short.
    """
    given = {"name": name, "password": _password(password_file)}
    if role is not None:
        given["role"] = role
    told = caller.call("accounts.add", given)
    return Told(told, f"{told['name']}: added, {told['role']}")


@account_group.command("remove")
@_ACCOUNT
@yes_option
@asking()
def account_remove(caller: Caller, name: str, yes: bool) -> Told:
    """Remove an account, its sessions and its tokens. Exit code 1 for the only admin."""
    confirm(f"Remove the account {name}, its sessions and its tokens?", yes=yes)
    return Told(caller.call("accounts.remove", {"name": name}), f"{name}: removed")


@account_group.command("password")
@_ACCOUNT
@_PASSWORD
@asking()
def account_password(caller: Caller, name: str, password_file: Any) -> Told:
    """Give an account another password, which signs it out everywhere.

    Exit code 1 when there is none of this name, or the password is too short.
    """
    given = {"name": name, "password": _password(password_file)}
    return Told(caller.call("accounts.set_password", given), f"{name}: changed")


@account_group.command("role")
@_ACCOUNT
@click.argument("role", type=click.Choice(ROLES))
@asking()
def account_role(caller: Caller, name: str, role: str) -> Told:
    """Give an account another role; it counts at once. Exit code 1 for the only admin."""
    told = caller.call("accounts.set_role", {"name": name, "role": role})
    return Told(told, f"{told['name']}: {told['role']}")


@account_group.command("sessions")
@_ACCOUNT
@asking()
def account_sessions(caller: Caller, name: str) -> Told:
    """Show where an account is signed in. Exit code 1 when there is none of this name."""
    sessions = caller.call("accounts.sessions", {"name": name})["sessions"]
    if not sessions:
        return Told(sessions, f"{name} is signed in nowhere.")

    def show() -> None:
        from sinkhole.cli.console import print_table

        print_table(
            ("Id", "Address", "Browser", "Since", "Last used"),
            [
                (each["id"], each["address"], each["agent"], *map(moment, _times(each)))
                for each in sessions
            ],
        )

    return Told(sessions, show)


def _times(session: dict[str, Any]) -> tuple[float, float]:
    return session["created"], session["seen"]


@account_group.command("sign-out")
@_ACCOUNT
@click.option("--session", metavar="ID", help="Only this one, by its id in `account sessions`.")
@asking()
def account_sign_out(caller: Caller, name: str, session: str | None) -> Told:
    """End all sessions of an account, or one.

    Exit code 1 when there is no account of this name, or no such session.
    """
    if session is not None:
        told = caller.call("accounts.end_session", {"name": name, "id": session})
        return Told(told, f"{name}: 1 session ended")
    told = caller.call("accounts.sign_out", {"name": name})
    return Told(told, f"{name}: {told['sessions']} sessions ended")


@account_group.command("totp")
@_ACCOUNT
@click.option("--off", is_flag=True, required=True, help="Give the second factor up.")
@yes_option
@asking()
def account_totp(caller: Caller, name: str, off: bool, yes: bool) -> Told:
    """Give up the second factor of somebody who has lost it.

    It can be set up anew after signing in. Exit code 1 when there is no account of this name.
    """
    confirm(f"Let {name} sign in by the password alone?", yes=yes)
    told = caller.call("accounts.second_factor_off", {"name": name})
    return Told(told, f"{name}: no second factor")


def _password(file: Any) -> str:
    """The first line of a file, else what is typed twice on a terminal, else standard input."""
    if file is None and sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = (file or sys.stdin).readline().rstrip("\r\n")
    if not password:
        raise SinkholeError("no password was given: the file or standard input has none")
    return str(password)


# ---- tokens ------------------------------------------------------------------------------------


@click.group("token")
def token_group() -> None:
    """Tokens, by which programs use the API.

    Each may do what it was given, and no more than who made it.
    """


@token_group.command("list")
@asking()
def token_list(caller: Caller) -> Told:
    """Show all tokens, what they may and when each was last used. Exit code 0."""
    tokens = caller.call("tokens.list")["tokens"]
    if not tokens:
        return Told(tokens, "There are no tokens.")

    def show() -> None:
        from sinkhole.cli.console import print_table

        print_table(
            ("Name", "Id", "May", "Made by", "Last used", "Ends in"),
            [_token_row(each) for each in tokens],
        )

    return Told(tokens, show)


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
@asking()
def token_add(
    caller: Caller, name: str, permissions: tuple[str, ...], time_span: float | None
) -> Told:
    """Make a token for a program.

    Its secret is printed now and never again. The program sends it as `Authorization: Bearer
    SECRET`. Exit code 1 when it can't be made.
    """
    given = {"name": name, "permissions": list(permissions), "lasts_s": time_span}
    told = caller.call("tokens.add", given)

    def show() -> None:
        click.echo(told["secret"])
        click.echo("Keep it: it is shown this once only.", err=True)

    return Told(told, show)


@token_group.command("remove")
@click.argument("token", shell_complete=names_by(_token_names))
@asking()
def token_remove(caller: Caller, token: str) -> Told:
    """Remove a token by its name or id; it counts at once. Exit code 1 when there is none such."""
    told = caller.call("tokens.remove", {"token": token})
    return Told(told, f"{told['name']}: removed")
