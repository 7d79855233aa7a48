"""Settings by hand: `sinkhole settings`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from sinkhole.cli.calling import Caller, calling
from sinkhole.cli.completion import names_by
from sinkhole.cli.options import config_option, honest, json_option, moment
from sinkhole.cli.policy_preview import told_preview
from sinkhole.cli.telling import Command, Told, asking, tell
from sinkhole.model.errors import SettingsError, SinkholeError

_PLACE: Final = re.compile(r"([a-z0-9_.]+)(?:\[(.+)\])?", re.DOTALL)


def _keys(caller: Caller) -> list[str]:
    found = caller.call("settings.show")["settings"]
    items = (f"{each['key']}[{item['name']}]" for each in found for item in each["items"] or ())
    return [*(str(each["key"]) for each in found), *items]


_KEYS = click.argument(
    "keys", nargs=-1, required=True, metavar="KEY...", shell_complete=names_by(_keys)
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Only tell what would change.")
_NOTE = click.option("--note", default="", help="Why, for who looks at the history.")


def _changing(function: Callable[..., list[dict[str, Any]]]) -> Command:
    """Make a command of a function that gives the changes which are wanted: together, or none."""

    @_NOTE
    @dry_run_option
    @asking()
    @wraps(function)
    def change(caller: Caller, note: str, dry_run: bool, **given: Any) -> Told:
        wanted = {"changes": function(**given), "note": note, "dry_run": dry_run}
        return told_change(caller.call("settings.change", wanted))

    return change


@click.group("settings")
def settings_group() -> None:
    """Show and change settings, and take changes back.

    What is changed here counts at once and is kept in the data folder, below the settings file:
    what that holds is changed there. Items of lists are written as 'filtering.lists[Ads]'.
    """


@settings_group.command("get")
@click.argument("key", required=False, shell_complete=names_by(_keys))
@asking()
def settings_get(caller: Caller, key: str | None) -> Told:
    """Show the value of KEY, of all keys of a section, or of all.

    Secrets are masked. Exit code 1 when there is no such key or item.
    """
    name, item = _place(key) if key else ("", "")
    found = _shown(caller, name)
    if item:
        one = _item(found[0], item)
        return Told(one, _yaml(one["value"]))
    if len(found) == 1 and found[0]["key"] == name:
        return Told(found, _yaml(found[0]["value"]))
    lines = (f"{each['key']}: {_inline(each['value'])}" for each in found)
    return Told(found, "\n".join(lines))


@settings_group.command("set")
@click.argument(
    "pairs",
    nargs=-1,
    required=True,
    metavar="KEY VALUE [KEY VALUE]...",
    shell_complete=names_by(_keys),
)
@_changing
def settings_set(pairs: tuple[str, ...]) -> list[dict[str, Any]]:
    """Set KEY to VALUE, which is written as in the settings file.

    For example: sinkhole settings set upstream.timeout 3s, or set filtering.rules
    '["||ads.example.org^"]'. Several are set together or not at all, as a certificate and its key
    have to be. Checked whole first. Exit code 1 when it does not fit, or the settings file holds
    it.
    """
    return _pairs(pairs)


@settings_group.command("reset")
@_KEYS
@_changing
def settings_reset(keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Forget what is stored for KEY: the default counts again. Exit code 1 for no such key."""
    return [_wanted(key, "reset") for key in keys]


@settings_group.command("remove")
@_KEYS
@_changing
def settings_remove(keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Do without an item such as 'filtering.lists[Ads]', also one of the default.

    Exit code 1 when there is no such item, or the settings file holds it.
    """
    if not all(_place(key)[1] for key in keys):
        raise click.UsageError("give an item, such as 'filtering.lists[Ads]'")
    return [_wanted(key, "remove") for key in keys]


@settings_group.command("preview")
@click.argument("pairs", nargs=-1, metavar="[KEY VALUE]...", shell_complete=names_by(_keys))
@click.option("--reset", multiple=True, metavar="KEY", help="A key to reset.")
@click.option("--remove", multiple=True, metavar="KEY", help="An item to do without.")
@click.option("--at", default="", metavar="MOMENT", help="As if all came then: 'fri 21:30'.")
@click.option(
    "--days", type=click.IntRange(1, 90), default=7, show_default=True, help="Days of the log."
)
@asking(offline=False)
def settings_preview(
    caller: Caller,
    pairs: tuple[str, ...],
    reset: tuple[str, ...],
    remove: tuple[str, ...],
    at: str,
    days: int,
) -> Told:
    """Tell what changes would have done to the queries of the last days, client by client.

    KEY and VALUE are as for `set`; without any, what the settings file says by now is tried, as
    `reload` would apply it. Each query is judged by the schedules that are open at the time when it
    came. Nothing is changed.

    Exit code 1 when something does not fit, or no server runs.
    """
    changes = _pairs(pairs)
    changes += [_wanted(key, "reset") for key in reset]
    changes += [_wanted(key, "remove") for key in remove]
    return told_preview(caller, {"changes": changes, "at": at, "days": days})


@settings_group.command("diff")
@asking()
def settings_diff(caller: Caller) -> Told:
    """Show what differs from the defaults, and who set it.

    What somebody wrote as the default has it is left out. Exit code 0.
    """
    found = [each for each in _shown(caller, "") if _is_other(each)]
    return Told(found, "\n".join(_differing(found)) or "Everything is as by default.")


def _is_other(setting: Mapping[str, Any]) -> bool:
    return bool(setting["origin"] != "default" and setting["value"] != setting["default"])


def _differing(found: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for each in found:
        items = [item for item in each["items"] or () if _is_other_item(item, each["default"])]
        for item in items:
            value = _inline(item["value"])
            yield f"{each['key']}[{item['name']}]: {value}  # {item['origin']}"
        if not items:
            yield f"{each['key']}: {_inline(each['value'])}  # {each['origin']}"


def _is_other_item(item: Mapping[str, Any], default: Any) -> bool:
    """Whether an item of a collection is not as the default has it."""
    if isinstance(default, Mapping):
        default = [value for name, value in default.items() if name == item["name"]]
    return item["origin"] != "default" and item["value"] not in (default or ())


@settings_group.command("history")
@click.option(
    "--limit", type=click.IntRange(1, 50), default=20, show_default=True, help="Changes at most."
)
@asking()
def settings_history(caller: Caller, limit: int) -> Told:
    """Show who changed what and when, the newest first. Exit code 0."""
    found = caller.call("settings.revisions", {"limit": limit})["revisions"]
    lines = []
    for each in found:
        note = f": {each['note']}" if each["note"] else ""
        lines += [f"{each['number']}  {moment(each['time'])}  {each['actor']}{note}"]
        lines += _places(each["changes"])
    return Told(found, "\n".join(lines) or "Nothing was changed yet.")


@settings_group.command("undo")
@click.argument("number", required=False, type=click.IntRange(1))
@dry_run_option
@asking()
def settings_undo(caller: Caller, number: int | None, dry_run: bool) -> Told:
    """Take change NUMBER of the history back, or the newest.

    That is a change of its own, and can be taken back as well. Exit code 1 when what it changed has
    been changed since.
    """
    if number is None:
        newest = caller.call("settings.revisions", {"limit": 1})["revisions"]
        if not newest:
            raise SinkholeError("nothing was changed yet")
        number = int(newest[0]["number"])
    return told_change(caller.call("settings.undo", {"number": number, "dry_run": dry_run}))


@settings_group.command("reload")
@asking(offline=False)
def settings_reload(caller: Caller) -> Told:
    """Read the settings file again, and apply what is different.

    The same as `systemctl reload`, but that it tells what changed. Exit code 1 when there is a
    mistake in the file, and then all stays as it was, or when no server runs.
    """
    return told_change(caller.call("settings.reload"))


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
    with calling(config) as caller:
        found = _shown(caller, _place(key)[0] if key else "")
    tell(Told(found, "\n".join(_explained(found))), as_json=as_json)


def _explained(found: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for each in found:
        yield f"{each['key']}: {_inline(each['default'])}"
        for text in (each["title"], each["help"], each["syntax"]):
            if text:
                yield click.wrap_text(text, 96, "    ", "    ")
        if not each["at_once"]:
            yield "    Takes effect after a restart."


@settings_group.command("schema")
@asking()
def settings_schema(caller: Caller) -> Told:
    """Print the JSON Schema of settings files, for editors. Exit code 0."""
    document = caller.call("settings.schema")["document"]
    return Told(document, json.dumps(document, indent=2))


# ---- from words to places and values -----------------------------------------------------------


def _place(text: str) -> tuple[str, str]:
    """Key and item, "" without one, of 'filtering.lists[Ads]'."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise click.UsageError(f"{text!r} is no key: write upstream.timeout or 'local.records[a]'")
    return found[1], found[2] or ""


def _pairs(pairs: tuple[str, ...]) -> list[dict[str, Any]]:
    """What is wanted by keys and values in turn."""
    if len(pairs) % 2:
        raise click.UsageError(f"say what {pairs[-1]} is to be: every KEY needs a VALUE")
    keys_and_values = zip(pairs[::2], pairs[1::2], strict=True)
    return [_wanted(key, "set", value=read_value(key, value)) for key, value in keys_and_values]


def _wanted(place: str, action: str, **more: Any) -> dict[str, Any]:
    """A change of a place, as the API takes it."""
    key, item = _place(place)
    return {"key": key, "item": item, "action": action, **more}


def read_value(key: str, text: str) -> Any:
    """A value as the settings file would have it; SettingsError where it is none."""
    from sinkhole.control.settings.document import read_document

    problems: list[Any] = []
    value = read_document(text, key, problems)
    if problems:
        raise SettingsError([f"{key}: {each.text}" for each in problems])
    return value.plain() if value is not None else None


def _shown(caller: Caller, key: str) -> list[dict[str, Any]]:
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


def told_change(told: dict[str, Any]) -> Told:
    """What a change of the settings did, or would do."""
    lines = _places(told["differences"]) or ["Nothing changes."]
    lines += [f"{key} takes effect after a restart." for key in told["waits"]]
    return Told(told, "\n".join(lines))


def _places(places: Iterable[Mapping[str, Any]]) -> list[str]:
    lines = []
    for each in places:
        name = f"{each['key']}[{each['item']}]" if each["item"] else each["key"]
        lines.append(f"  {name}: {_inline(each['before'])} -> {_inline(each['after'])}")
    return lines


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
