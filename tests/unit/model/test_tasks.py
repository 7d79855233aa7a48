"""Tasks have an owner who knows them, bounds them, and awaits their end."""

from __future__ import annotations

import asyncio

import pytest

from sinkhole.model.tasks import Tasks


async def test_a_task_is_named_after_its_owner_and_forgotten_when_done() -> None:
    tasks = Tasks("kitchen")
    task = tasks.start("soup", asyncio.sleep(0, "ready"))
    assert task is not None
    assert (task.get_name(), len(tasks)) == ("kitchen: soup", 1)
    assert await task == "ready"
    await asyncio.sleep(0)
    assert len(tasks) == 0


async def test_beyond_the_limit_work_is_refused_and_closed() -> None:
    tasks, release = Tasks("kitchen", limit=1), asyncio.Event()
    assert tasks.start("first", release.wait()) is not None
    assert tasks.start("second", release.wait()) is None  # unclosed, it would warn: an error here
    release.set()
    await tasks.close(patience_s=10)


async def test_closing_waits_for_those_that_end_in_time_and_cancels_the_rest() -> None:
    tasks, release = Tasks("kitchen"), asyncio.Event()
    quick = tasks.start("quick", asyncio.sleep(0, "done"))
    slow = tasks.start("slow", release.wait())
    await tasks.close(patience_s=0.01)
    assert quick is not None and quick.result() == "done"
    assert slow is not None and slow.cancelled()
    assert len(tasks) == 0


async def test_closing_does_not_interrupt_what_tidies_up_already() -> None:
    tasks, tidied, release = Tasks("kitchen"), asyncio.Event(), asyncio.Event()

    async def cook() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await release.wait()
            tidied.set()

    task = tasks.start("soup", cook())
    assert task is not None
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(release.set)
    await tasks.close()
    assert tidied.is_set() and task.cancelled()


async def test_an_error_nobody_waits_for_is_logged_with_the_tasks_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def burn() -> None:
        raise RuntimeError("smoke")

    tasks = Tasks("kitchen")
    tasks.start("toast", burn())
    await tasks.close(patience_s=10)
    assert "kitchen: toast ended by an error" in caplog.text
    assert "smoke" in caplog.text
