"""Settings are shown with all that is known of them, changed, taken back and read again."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import ADMIN, OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import settings
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.settings import Setting, SettingChange
from sinkhole.model.errors import RequestError, SettingsError

Build = Callable[..., Awaitable[BuiltHouse]]
SECRET = "https://user:hunter2@lists.example.org/a.txt"


async def shown(built: BuiltHouse, below: str = "") -> dict[str, Setting]:
    found = await perform(settings.show, built.house, VIEWER, settings.Which(below=below))
    assert found.revision == built.settings.revision
    return {each.key: each for each in found.settings}


async def change(built: BuiltHouse, *changes: SettingChange, **options: Any) -> Any:
    given = settings.Changes(changes=list(changes), **options)
    return await perform(settings.change, built.house, ADMIN, given)


async def test_every_key_is_shown_with_what_is_known_of_it(build: Build) -> None:
    built = await build({"cache": {"size": "2MiB"}})
    found = await shown(built)
    size = found["cache.size"]
    assert (size.title, size.value, size.default, size.unit) == ("Size", "2MiB", "32MiB", "bytes")
    assert size.origin.startswith("file ") and size.locked.startswith(f"{built.config}:")
    assert size.syntax == "1MiB to 4GiB" and size.at_once and not size.secret
    ttl = found["cache.max_ttl"]
    assert (ttl.origin, ttl.locked) == ("default", "")
    assert found["dns.rate_limit"].accepts["maximum"] == 1_000_000
    assert not found["data_dir"].at_once
    assert all(each.help and each.title for each in found.values())


async def test_a_section_can_be_shown_alone(build: Build) -> None:
    built = await build()
    assert set(await shown(built, "stats")) == {"stats.keep", "stats.period"}
    assert set(await shown(built, "cache.size")) == {"cache.size"}


async def test_items_are_shown_with_who_holds_them(build: Build) -> None:
    built = await build({"local": {"records": {"NAS.home": ["192.0.2.1"]}}})
    await change(built, SettingChange(key="local.records", item="tv.home", value=["192.0.2.2"]))
    records = (await shown(built, "local.records"))["local.records"]
    assert records.items is not None
    nas, tv = records.items
    assert (nas.name, nas.value, bool(nas.locked)) == ("nas.home", ["192.0.2.1"], True)
    assert (tv.name, tv.value, tv.origin, tv.locked) == ("tv.home", ["192.0.2.2"], "stored", "")


async def test_secrets_are_shown_to_nobody(build: Build) -> None:
    built = await build()
    added = SettingChange(key="filtering.lists", item="Mine", value={"url": SECRET})
    done = await change(built, added)
    given = settings.RevisionsWanted()
    told = [
        done,
        await perform(settings.revisions, built.house, ADMIN, given),
        await perform(settings.show, built.house, ADMIN, settings.Which()),
    ]
    assert not any("hunter2" in each.model_dump_json() for each in told)
    items = (await shown(built))["filtering.lists"].items
    assert items is not None and items[-1].secret


async def test_a_change_is_told_audited_and_taken_back(build: Build) -> None:
    built = await build()
    seen = built.settings.revision
    wanted = SettingChange(key="cache.max_ttl", value="2h")
    told = await change(built, wanted, revision=seen, dry_run=True)
    assert told.dry_run and [each.after for each in told.differences] == ["2h"]
    assert told.number == 0
    done = await change(built, wanted, revision=seen, note="shorter")
    assert (done.dry_run, done.waits) == (False, [])
    given = settings.RevisionsWanted(limit=1)
    (newest,) = (await perform(settings.revisions, built.house, VIEWER, given)).revisions
    assert (newest.note, newest.changes[0].after) == ("shorter", "2h")
    assert newest.number == done.number
    back = settings.UndoWanted(number=done.number)
    await perform(settings.undo, built.house, ADMIN, back)
    assert str(built.settings.settings.cache.max_ttl) == "1d"
    operations = [each.operation for each in await built.state.audit.entries(10)]
    assert operations[:2] == ["settings.undo", "settings.change"]


async def test_an_item_of_the_default_that_is_removed_is_told_as_such(build: Build) -> None:
    built = await build({"filtering": {"lists": None}})
    await change(built, SettingChange(key="filtering.lists", item="Starter", action="remove"))
    given = settings.RevisionsWanted(limit=1)
    (newest,) = (await perform(settings.revisions, built.house, VIEWER, given)).revisions
    assert newest.changes[0].after == "removed"


async def test_the_file_is_read_again(build: Build) -> None:
    built = await build()
    built.write_config({"log": {"level": "debug"}})
    done = await perform(settings.reload, built.house, ADMIN, Nothing())
    assert [(each.key, each.after) for each in done.differences] == [("log.level", "debug")]
    built.config.write_text("log: {level: loud}\n")
    with pytest.raises(SettingsError, match="loud"):
        await perform(settings.reload, built.house, ADMIN, Nothing())


async def test_the_schema_says_what_a_file_may_hold(build: Build) -> None:
    built = await build()
    found = await perform(settings.schema, built.house, VIEWER, Nothing())
    assert "dns" in found.document["properties"]
    assert json.loads(found.model_dump_json())["document"] == found.document


async def test_only_who_may_change_settings_does(build: Build) -> None:
    built = await build()
    given = settings.Changes(changes=[SettingChange(key="cache.max_ttl", value="2h")])
    with pytest.raises(RequestError) as caught:
        await perform(settings.change, built.house, OPERATOR, given)
    assert caught.value.kind == "forbidden"
