"""An import is told first, made in one revision, and taken back; what is held stays as it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from houses import ADMIN, OPERATOR, BuiltHouse

from sinkhole.control.operations import exports, imports, settings
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.control.settings import load
from sinkhole.model.actor import Permission
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]

FILES = Path(__file__).parents[1] / "imports" / "files"
NEW = FILES / "adguardhome-34.yaml"


async def imported(built: BuiltHouse, file: Path = NEW, **options: Any) -> imports.Imported:
    given = imports.ImportWanted(**{"source": "adguardhome", "file": file, **options})
    return await perform(imports.settings, built.house, ADMIN, given)


async def test_a_dry_run_tells_all_and_changes_nothing(build: Build) -> None:
    built = await build()
    before = built.settings.revision
    told = await imported(built, dry_run=True)
    assert told.source == "AdGuard Home, schema 34"
    assert {each.what: each.count for each in told.taken}["client"] == 3
    assert {each.kind for each in told.notes} == {"differs", "left"}
    assert told.change is not None and len(told.change.differences) > 50
    assert built.settings.revision == before


async def test_all_of_it_is_one_revision_that_is_taken_back(build: Build) -> None:
    built = await build()
    before = built.settings.settings
    told = await imported(built)
    assert told.change is not None and told.change.number
    found = built.settings.settings
    assert [each.name for each in found.clients] == ["Without rate limit", "Kids tablet", "Server"]
    assert str(found.upstream.strategy) == "parallel"
    assert found.filtering.services == ("tiktok", "disney_plus")
    again = await imported(built)
    assert again.change is not None and not again.change.differences, "a second time does nothing"
    undo = settings.UndoWanted(number=told.change.number)
    await perform(settings.undo, built.house, ADMIN, undo)
    assert built.settings.settings == before


async def test_what_the_file_holds_stays_as_it_is_and_is_told(build: Build) -> None:
    tree = {"upstream": {"strategy": "strict"}, "local": {"records": {"nas.home": ["192.0.2.99"]}}}
    built = await build(tree)
    told = await imported(built)
    held = {each.about for each in told.notes if "is held by" in each.text}
    assert held >= {"upstream.strategy", 'local.records "nas.home"'}
    found = built.settings.settings
    assert found.upstream.strategy == "strict"
    assert str(found.local.records["nas.home"][0]) == "192.0.2.99"
    assert "printer.home" in found.local.records


async def test_what_is_somebody_elses_is_left_out(build: Build) -> None:
    built = await build({"clients": [{"name": "Mine", "addresses": ["192.0.2.20"]}]})
    told = await imported(built)
    (note,) = (each for each in told.notes if each.about == 'clients "Server"')
    assert "already belongs to" in note.text
    names = [each.name for each in built.settings.settings.clients]
    assert names == ["Mine", "Without rate limit", "Kids tablet"]


async def test_what_everybody_had_before_stays(build: Build) -> None:
    built = await build()
    group = settings.SettingChange(key="groups", item="default", value={"rate_limit": 7})
    given = settings.Changes(changes=[group])
    await perform(settings.change, built.house, ADMIN, given)
    await imported(built)
    (everybody,) = built.settings.settings.groups
    assert (everybody.rate_limit, everybody.refuse_types) == (7, ("AAAA",))


async def test_a_list_that_is_here_keeps_its_name(build: Build) -> None:
    built = await build()
    value = {"url": "https://lists.example.org/ads.txt", "enabled": False}
    mine = settings.SettingChange(key="filtering.lists", item="My ads", value=value)
    await perform(settings.change, built.house, ADMIN, settings.Changes(changes=[mine]))
    await imported(built)
    lists = {each.name: each for each in built.settings.settings.filtering.lists}
    assert lists["My ads"].enabled and lists["Ads"].url.endswith("/more.txt")


async def test_a_file_of_it_can_be_loaded_and_nothing_is_changed(
    build: Build, tmp_path: Path
) -> None:
    built = await build()
    before = built.settings.revision
    told = await imported(built, as_file=True)
    assert told.change is None and built.settings.revision == before
    file = tmp_path / "imported.yaml"
    file.write_text(told.document)
    found = load(file, {})
    assert [each.name for each in found.clients] == ["Without rate limit", "Kids tablet", "Server"]
    assert "||games.example^$client='Kids tablet'" in found.filtering.rules
    await imported(built)
    mine = built.settings.settings
    for key in ("clients", "groups", "schedules", "upstream", "local", "cache", "query_log"):
        assert getattr(found, key) == getattr(mine, key)


async def test_accounts_come_along_with_their_passwords(build: Build, tmp_path: Path) -> None:
    built = await build()
    hashed = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()
    names = ("anna", "ben", "odd")
    users = "".join(f"  - {{name: {name}, password: {hashed}}}\n" for name in names[:2])
    file = tmp_path / "AdGuardHome.yaml"
    file.write_text(f"schema_version: 34\nusers:\n{users}  - {{name: odd, password: x}}\n")
    dry = await imported(built, file, dry_run=True)
    assert dry.accounts == ["anna", "ben"] and not built.house.identity.has_accounts
    told = await imported(built, file)
    assert told.accounts == dry.accounts and told.notes == dry.notes
    assert {each.what: each.count for each in told.taken}["account"] == 2
    (left,) = (each for each in told.notes if each.kind == "left")
    assert (left.about, "not known here" in left.text) == ("users odd", True)
    roles = [(each.name, each.role) for each in built.house.identity.accounts.all()]
    assert roles == [("anna", "admin"), ("ben", "operator")]
    actor = await built.house.identity.of_password("anna", "correct horse", "192.0.2.9")
    assert actor.name == "anna"
    again = await imported(built, file)
    assert again.accounts == [] and "already" in str(again.notes)


async def test_accounts_are_made_by_who_may_and_stand_in_no_file(build: Build) -> None:
    built = await build()
    given = imports.ImportWanted(source="adguardhome", file=NEW)
    less = ADMIN.permissions - {Permission.ACCOUNTS_WRITE}
    some = replace(ADMIN, permissions=less)
    told = await perform(imports.settings, built.house, some, given)
    assert "accounts:write" in {e.about: e.text for e in told.notes}["users"]
    told = await imported(built, as_file=True)
    assert "no settings file" in {e.about: e.text for e in told.notes}["users anna"]
    assert not built.house.identity.has_accounts


@pytest.mark.parametrize("source", ["adguardhome", "pihole", "blocky"])
async def test_another_file_is_refused_in_words(build: Build, tmp_path: Path, source: str) -> None:
    built = await build()
    file = tmp_path / "other"
    file.write_bytes(b"a: [\n")
    with pytest.raises(RequestError) as raised:
        await imported(built, file, source=source)
    assert raised.value.code == "import_invalid"


async def test_it_takes_the_permission_to_write_settings(build: Build) -> None:
    built = await build()
    given = imports.ImportWanted(source="adguardhome", file=NEW)
    with pytest.raises(RequestError, match="settings:write"):
        await perform(imports.settings, built.house, OPERATOR, given)


async def test_an_export_has_secrets_and_is_kept_in_the_audit(build: Build) -> None:
    secret = "https://user:hunter2@lists.example.org/a.txt"
    tree = {"filtering": {"lists": [{"name": "Mine", "url": secret, "enabled": False}]}}
    built = await build(tree)
    done = await perform(exports.adguardhome, built.house, ADMIN, Nothing())
    assert "hunter2" in done.document
    (entry,) = await built.house.state.audit.entries(10)
    assert entry.operation == "exports.adguardhome"
    with pytest.raises(RequestError, match="backup:read"):
        await perform(exports.adguardhome, built.house, OPERATOR, Nothing())
