"""Settings by hand: `sinkhole settings`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from sinkhole.cli.calling import Caller, calling
from sinkhole.cli.completion import names_by
from sinkhole.cli.options import config_option, honest, json_option, moment, print_json
from sinkhole.model.errors import SettingsError, SinkholeError

_PLACE: Final = re.compile(r"([a-z0-9_.]+)(?:\[(.+)\])?", re.DOTALL)


def _keys(caller: Caller) -> list[str]:
    found = caller.call("settings.show")["settings"]
    items = (f"{each['key']}[{item['name']}]" for each in found for item in each["items"] or ())
    return [*(str(each["key"]) for each in found), *items]


_KEY = click.argument("key", shell_complete=names_by(_keys))
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only tell what would change.")
_NOTE = click.option("--note", default="", help="Why, for who looks at the history.")


@click.group("settings")
def settings_group() -> None:
    """Show and change settings, and take changes back.

    What is changed here counts at once and is kept in the data folder, below the settings file:
    what that holds is changed there. Items of lists are written as 'filtering.lists[Ads]'.
    """


@settings_group.command("get")
@click.argument("key", required=False, shell_complete=names_by(_keys))
@json_option
@config_option
@honest
def settings_get(key: str | None, as_json: bool, config: Path | None) -> None:
    """Show the value of KEY, of all keys of a section, or of all.

    Secrets are masked. Exit code 1 when there is no such key or item.
    """
    name, item = _place(key) if key else ("", "")
    found = _shown(config, name)
    if item:
        one = _item(found[0], item)
        if as_json:
            print_json(one)
        else:
            click.echo(_yaml(one["value"]))
    elif as_json:
        print_json(found)
    elif len(found) == 1 and found[0]["key"] == name:
        click.echo(_yaml(found[0]["value"]))
    else:
        for each in found:
            click.echo(f"{each['key']}: {_inline(each['value'])}")


@settings_group.command("set")
@_KEY
@click.argument("value")
@_NOTE
@_DRY_RUN
@json_option
@config_option
@honest
def settings_set(
    key: str, value: str, note: str, dry_run: bool, as_json: bool, config: Path | None
) -> None:
    """Set KEY to VALUE, which is written as in the settings file.

    For example: sinkhole settings set upstream.timeout 3s, or set filtering.rules
    '["||ads.example.org^"]'. Checked whole first. Exit code 1 when it does not fit, or the settings
    file holds it.
    """
    name, item = _place(key)
    change = {"key": name, "item": item, "action": "set", "value": _read(key, value)}
    _change(change, note, dry_run, as_json, config)


@settings_group.command("reset")
@_KEY
@_NOTE
@_DRY_RUN
@json_option
@config_option
@honest
def settings_reset(key: str, note: str, dry_run: bool, as_json: bool, config: Path | None) -> None:
    """Forget what is stored for KEY: the default counts again. Exit code 1 for no such key."""
    name, item = _place(key)
    change = {"key": name, "item": item, "action": "reset"}
    _change(change, note, dry_run, as_json, config)


@settings_group.command("remove")
@_KEY
@_NOTE
@_DRY_RUN
@json_option
@config_option
@honest
def settings_remove(key: str, note: str, dry_run: bool, as_json: bool, config: Path | None) -> None:
    """Do without an item such as 'filtering.lists[Ads]', also one of the default.

    Exit code 1 when there is no such item, or the settings file holds it.
    """
    name, item = _place(key)
    if not item:
        raise click.UsageError("give an item, such as 'filtering.lists[Ads]'")
    change = {"key": name, "item": item, "action": "remove"}
    _change(change, note, dry_run, as_json, config)


@settings_group.command("diff")
@json_option
@config_option
@honest
def settings_diff(as_json: bool, config: Path | None) -> None:
    """Show what differs from the defaults, and who set it. Exit code 0."""
    found = [each for each in _shown(config, "") if each["origin"] != "default"]
    if as_json:
        print_json(found)
        return
    for each in found:
        items = [item for item in each["items"] or () if item["origin"] != "default"]
        if items:
            for item in items:
                value = _inline(item["value"])
                click.echo(f"{each['key']}[{item['name']}]: {value}  # {item['origin']}")
        else:
            click.echo(f"{each['key']}: {_inline(each['value'])}  # {each['origin']}")


@settings_group.command("history")
@click.option(
    "--limit", type=click.IntRange(1, 50), default=20, show_default=True, help="Changes at most."
)
@json_option
@config_option
@honest
def settings_history(limit: int, as_json: bool, config: Path | None) -> None:
    """Show who changed what and when, the newest first. Exit code 0."""
    with calling(config) as caller:
        found = caller.call("settings.revisions", {"limit": limit})["revisions"]
    if as_json:
        print_json(found)
        return
    for each in found:
        note = f": {each['note']}" if each["note"] else ""
        click.echo(f"{each['number']}  {moment(each['time'])}  {each['actor']}{note}")
        _tell_places(each["changes"])


@settings_group.command("undo")
@click.argument("number", required=False, type=click.IntRange(1))
@_DRY_RUN
@json_option
@config_option
@honest
def settings_undo(number: int | None, dry_run: bool, as_json: bool, config: Path | None) -> None:
    """Take change NUMBER of the history back, or the newest.

    That is a change of its own, and can be taken back as well. Exit code 1 when what it changed has
    been changed since.
    """
    with calling(config) as caller:
        if number is None:
            newest = caller.call("settings.revisions", {"limit": 1})["revisions"]
            if not newest:
                raise SinkholeError("nothing was changed yet")
            number = int(newest[0]["number"])
        told = caller.call("settings.undo", {"number": number, "dry_run": dry_run})
    _tell_change(told, as_json)


@settings_group.command("reference")
@click.argument("key", required=False, shell_complete=names_by(_keys))
@click.option("--yaml", "form", flag_value="yaml", help="All of it as a settings file.")
@click.option("--markdown", "form", flag_value="markdown", help="All of it as a document.")
@json_option
@config_option
@honest
def settings_reference(
    key: str | None, form: str | None, as_json: bool, config: Path | None
) -> None:
    """Explain every key, or those of KEY: what it means, takes, and is by default.

    Exit code 1 when there is no such key.
    """
    if form is not None:
        from sinkhole.control.settings.reference import reference_document, reference_yaml

        click.echo(reference_yaml() if form == "yaml" else reference_document(), nl=False)
        return
    found = _shown(config, _place(key)[0] if key else "")
    if as_json:
        print_json(found)
        return
    for each in found:
        click.echo(f"{each['key']}: {_inline(each['default'])}")
        for text in (each["title"], each["help"], each["syntax"]):
            if text:
                click.echo(click.wrap_text(text, 96, "    ", "    "))
        if not each["at_once"]:
            click.echo("    Takes effect after a restart.")


@settings_group.command("schema")
@config_option
@honest
def settings_schema(config: Path | None) -> None:
    """Print the JSON Schema of settings files, for editors. Exit code 0."""
    with calling(config) as caller:
        click.echo(json.dumps(caller.call("settings.schema")["document"], indent=2))


# ---- from words to places and values -----------------------------------------------------------


def _place(text: str) -> tuple[str, str]:
    """Key and item, "" without one, of 'filtering.lists[Ads]'."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise click.UsageError(f"{text!r} is no key: write upstream.timeout or 'local.records[a]'")
    return found[1], found[2] or ""


def _read(key: str, text: str) -> Any:
    """A value as the settings file would have it; SettingsError where it is none."""
    from sinkhole.control.settings.document import read_document

    problems: list[Any] = []
    value = read_document(text, key, problems)
    if problems:
        raise SettingsError([f"{key}: {each.text}" for each in problems])
    return value.plain() if value is not None else None


def _shown(config: Path | None, key: str) -> list[dict[str, Any]]:
    with calling(config) as caller:
        found: list[dict[str, Any]] = caller.call("settings.show", {"below": key})["settings"]
    if not found:
        raise SinkholeError(f"there is no setting {key!r}; `sinkhole settings get` shows all")
    return found


def _item(setting: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    items: Iterable[Mapping[str, Any]] = setting["items"] or ()
    for each in items:
        if each["name"].casefold() == name.casefold():
            return each
    there = ", ".join(each["name"] for each in items) or "none"
    raise SinkholeError(f"{setting['key']} has no item {name!r}; there are {there}")


def _change(
    change: dict[str, Any], note: str, dry_run: bool, as_json: bool, config: Path | None
) -> None:
    given = {"changes": [change], "note": note, "dry_run": dry_run}
    with calling(config) as caller:
        told = caller.call("settings.change", given)
    _tell_change(told, as_json)


def _tell_change(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    _tell_places(told["differences"])
    if not told["differences"]:
        click.echo("Nothing changes.")
    for key in told["waits"]:
        click.echo(f"{key} takes effect after a restart.")


def _tell_places(places: Iterable[Mapping[str, Any]]) -> None:
    for each in places:
        name = f"{each['key']}[{each['item']}]" if each["item"] else each["key"]
        click.echo(f"  {name}: {_inline(each['before'])} -> {_inline(each['after'])}")


def _inline(value: Any) -> str:
    """A value on one line, as YAML takes it."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _yaml(value: Any) -> str:
    """A value as YAML: what a list or a mapping holds a line each."""
    if isinstance(value, list) and value:
        return "\n".join(f"- {json.dumps(each, ensure_ascii=False)}" for each in value)
    if isinstance(value, dict) and value:
        return "\n".join(
            f"{key}: {json.dumps(each, ensure_ascii=False)}" for key, each in value.items()
        )
    return _inline(value)
