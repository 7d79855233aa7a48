"""Rows of a group that has another name are found by it, also those that come late."""

from __future__ import annotations

from pathlib import Path

from log_kit import batch, fill, report

from sinkhole.control.database import Database
from sinkhole.control.querylog.group_names import LATE_S, GroupNames, rename_in_file
from sinkhole.control.querylog.outbox import Outbox
from sinkhole.control.querylog.schema import open_database
from sinkhole.model.record import Batch, Who


def asked(client: str, group: str) -> Batch:
    """A query of somebody in a group."""
    records = [(report(), Who(client, "", group))]
    return batch([report()])._replace(records=records)


async def groups(database: Database) -> list[tuple[str, str]]:
    rows = await database.rows(
        "SELECT c.text, c.policy_group FROM query AS q JOIN client AS c ON c.id = q.client"
        " ORDER BY q.id"
    )
    return [(row[0], row[1]) for row in rows]


async def test_all_of_a_group_and_nobody_else_is_renamed(tmp_path: Path) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    clients = [asked("192.0.2.1", "kids"), asked("192.0.2.2", "default")]
    await fill(database, [*clients, asked("192.0.2.1", "children")])
    now_s = 100.0
    names = GroupNames(Outbox(1 << 30), lambda: now_s)
    names.rename("kids", "children")
    forgotten: list[bool] = []
    await names.keep_up(database, lambda: forgotten.append(True))
    assert (forgotten, names.is_stale) == ([True], True)
    assert await groups(database) == [
        ("192.0.2.1", "children"),
        ("192.0.2.2", "default"),
        ("192.0.2.1", "children"),
    ]
    await fill(database, [asked("192.0.2.3", "kids")])  # of a query that was underway
    now_s += LATE_S
    await names.keep_up(database, lambda: forgotten.append(True))
    assert (forgotten, names.is_stale) == ([True, True], False)
    assert ("192.0.2.3", "children") in await groups(database)
    await database.close()


async def test_a_new_group_of_the_old_name_is_another_one(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    database, _ = await open_database(path)
    await fill(database, [asked("192.0.2.1", "kids")])
    await database.close()
    await rename_in_file(path, "kids", "children")
    database, _ = await open_database(path)
    await fill(database, [asked("192.0.2.1", "kids")])
    assert await groups(database) == [("192.0.2.1", "children"), ("192.0.2.1", "kids")]
    await database.close()


async def test_what_is_renamed_back_stays_so(tmp_path: Path) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    await fill(database, [asked("192.0.2.1", "kids")])
    names = GroupNames(Outbox(1 << 30), lambda: 0.0)
    names.rename("kids", "children")
    names.rename("children", "kids")
    await names.keep_up(database, lambda: None)
    assert await groups(database) == [("192.0.2.1", "kids")]
    await database.close()
    await rename_in_file(tmp_path / "none.db", "a", "b")
    assert not (tmp_path / "none.db").exists()
