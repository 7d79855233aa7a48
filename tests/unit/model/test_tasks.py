"""Tasks have an owner who knows them, bounds them, and awaits their end."""

from __future__ import annotations

import asyncio

import pytest

from sinkhole.model import tasks as subject
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
    assert "kitchen: toast met an error" in caplog.text
    assert "RuntimeError: smoke" in caplog.text
    assert tasks.faults.count == 1


# Tasks that are kept


async def test_what_is_kept_is_begun_anew_after_an_error_until_it_returns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "FIRST_PAUSE_S", 0.0)
    begun = 0

    async def cook() -> None:
        nonlocal begun
        begun += 1
        if begun < 4:
            raise ValueError("burnt")

    tasks = Tasks("kitchen")
    task = tasks.keep("soup", cook)
    assert task is not None
    await task
    assert begun == 4
    assert "kitchen: soup" in tasks.faults.problems()[0]
    assert "3 times" in tasks.faults.problems()[0]


async def test_a_cancellation_of_something_it_waits_for_does_not_end_what_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "FIRST_PAUSE_S", 0.0)
    gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    gone.cancel()
    waits = [gone]

    async def cook() -> None:
        if waits:
            await waits.pop()

    tasks = Tasks("kitchen")
    task = tasks.keep("soup", cook)
    assert task is not None
    await task
    assert tasks.faults.count == 1


async def test_the_pauses_grow_up_to_a_bound_and_begin_anew_when_it_went_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, pauses, lasting = 0.0, list[float](), [0.0] * 8 + [61.0, 0.0]

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def cook() -> None:
        nonlocal now
        if lasting:
            now += lasting.pop(0)
            raise ValueError("burnt")

    monkeypatch.setattr("sinkhole.model.tasks.asyncio.sleep", sleep)
    monkeypatch.setattr("sinkhole.model.tasks.time.monotonic", lambda: now)
    tasks = Tasks("kitchen")
    task = tasks.keep("soup", cook)
    assert task is not None
    await task
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 1, 2]


async def test_closing_ends_what_is_kept_also_during_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "FIRST_PAUSE_S", 1000.0)
    failed = asyncio.Event()

    async def cook() -> None:
        failed.set()
        raise ValueError("burnt")

    tasks = Tasks("kitchen")
    tasks.keep("soup", cook)
    tasks.keep("tea", asyncio.Event().wait)
    await failed.wait()
    await tasks.close()
    assert len(tasks) == 0
    assert tasks.faults.count == 1
