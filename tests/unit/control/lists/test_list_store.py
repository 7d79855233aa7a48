"""The folder of lists: what a crash leaves behind, and who may write."""

import asyncio
import errno
import fcntl
import sys
from pathlib import Path

import pytest

from sinkhole.control.lists.state import Remembered, SubscriptionState, Version
from sinkhole.control.lists.store import UNUSED_GRACE_S, ListStore
from sinkhole.model.errors import StorageError

ID = "hosts-txt-block-0123456789ab"
OTHER = "more-txt-allow-ba9876543210"
NOW = 1_000_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> ListStore:
    return ListStore(tmp_path)


def put(store: ListStore, list_id: str, digest: str) -> SubscriptionState:
    """Commit a list with a copy and a trie, as an update does."""
    names = {}
    for ending in ("txt", "trie"):
        part = store.folder / "written.part"
        part.write_text(f"{digest} {ending}")
        names[ending] = store.keep(part, list_id, digest, ending)
    state = SubscriptionState("u", "block", used=Version(digest, names["txt"], names["trie"]))
    store.write(list_id, state)
    return state


def contents(store: ListStore) -> set[str]:
    return {path.name for path in store.folder.iterdir()}


def files_of(list_id: str, digest: str) -> set[str]:
    return {f"{list_id}.json", f"{list_id}.{digest}.txt", f"{list_id}.{digest}.trie"}


def test_what_was_written_is_read_back(store: ListStore) -> None:
    assert store.read(ID) == Remembered()
    state = put(store, ID, "d1")
    assert store.read(ID) == Remembered(state)
    assert contents(store) == files_of(ID, "d1")


def test_a_commit_replaces_the_list_and_the_sweep_removes_the_old_files(store: ListStore) -> None:
    put(store, ID, "d1")
    new = put(store, ID, "d2")
    assert store.read(ID) == Remembered(new)
    store.sweep({ID}, NOW)
    assert contents(store) == files_of(ID, "d2")


def test_a_folder_named_like_a_file_of_ours_does_not_stop_the_sweep(store: ListStore) -> None:
    put(store, ID, "d1")
    put(store, ID, "d2")
    (store.folder / f"{ID}.d9.trie").mkdir()
    store.sweep({ID}, NOW)
    assert contents(store) == files_of(ID, "d2") | {f"{ID}.d9.trie"}


def test_a_crash_before_the_commit_leaves_the_old_list_whole(store: ListStore) -> None:
    old = put(store, ID, "d1")
    work = store.workplace()
    work.part().write_text("half a dow")  # killed while fetching
    work._lock.release()
    (store.folder / f"{ID}.0a1b2c3d.part").write_text("the same, of an older sinkhole")
    (store.folder / f".{ID}.0a1b2c3d.part.77.tmp").write_text("x")  # while compiling
    part = store.folder / "written.part"
    part.write_text("copy")
    store.keep(part, ID, "d2", "txt")  # killed between the copy and the trie
    part.write_text("trie")
    store.keep(part, ID, "d2", "trie")  # killed just before the state
    assert store.read(ID) == Remembered(old)
    store.sweep({ID}, NOW)
    assert contents(store) == files_of(ID, "d1")
    assert old.used is not None
    assert (store.folder / old.used.source).read_text() == "d1 txt"


NEWER = b'{"format": 3, "used": ["in", "words", "to", "come"]}'


def unreadable(store: ListStore, how: str) -> Path:
    """A status file that can't be read, in one of several ways."""
    path = store.folder / f"{ID}.json"
    if how == "device":
        path.unlink()
        path.mkdir()  # whoever reads it gets an error that no privilege helps against
    else:
        path.write_bytes(NEWER if how == "newer" else path.read_bytes()[:-9])
    return path


@pytest.mark.parametrize("how", ["damaged", "newer", "device"])
def test_a_list_whose_state_cannot_be_read_keeps_all_its_files(store: ListStore, how: str) -> None:
    put(store, ID, "d1")
    put(store, OTHER, "d5")
    path = unreadable(store, how)
    (store.folder / f"{ID}.0a1b2c3d.part").write_text("half a dow")
    found = store.read(ID)
    assert found.state is None
    assert found.trouble.startswith(f"its status, {path}, ")
    for known in ({ID, OTHER}, None):
        store.sweep(known, NOW)
        assert {each.name for each in store.folder.iterdir() if each.is_file()} >= (
            files_of(ID, "d1") | files_of(OTHER, "d5")
        ) - {path.name}
    assert not list(store.folder.glob("*.part"))


def test_a_new_state_sets_the_one_that_could_not_be_read_aside(store: ListStore) -> None:
    put(store, ID, "d1")
    unreadable(store, "newer")
    put(store, ID, "d2")
    aside = store.folder / f"{ID}.json.aside"
    assert aside.read_bytes() == NEWER
    store.sweep({ID}, NOW)
    assert contents(store) == files_of(ID, "d2") | {aside.name}
    put(store, ID, "d3")
    assert aside.read_bytes() == NEWER, "a state that can be read is simply replaced"
    unreadable(store, "damaged")
    put(store, ID, "d4")
    assert aside.read_bytes() != NEWER, "one is kept, not one for each time"


def test_killed_between_setting_aside_and_writing_no_file_is_a_leftover(store: ListStore) -> None:
    put(store, ID, "d1")
    unreadable(store, "newer").rename(store.folder / f"{ID}.json.aside")
    assert "was set aside" in store.read(ID).trouble
    store.sweep({ID}, NOW)
    assert {f"{ID}.d1.txt", f"{ID}.d1.trie"} < contents(store)
    put(store, ID, "d2")
    assert store.read(ID).trouble == ""


@pytest.mark.parametrize("how", ["damaged", "newer"])
def test_a_list_that_left_with_a_state_that_cannot_be_read_has_its_grace(
    store: ListStore, how: str
) -> None:
    put(store, ID, "a1")
    put(store, ID, "a2")
    unreadable(store, how)
    store.sweep(set(), NOW)
    store.sweep(set(), NOW + UNUSED_GRACE_S)
    assert {f"{ID}.a1.txt", f"{ID}.a2.trie"} < contents(store)
    store.sweep({ID}, NOW + UNUSED_GRACE_S)
    found = store.read(ID).state
    assert found is not None and found.used is not None
    assert store.path(found.used.source).exists(), "what comes back in time has its files"
    store.sweep(set(), NOW + 2 * UNUSED_GRACE_S)
    store.sweep(set(), NOW + 3 * UNUSED_GRACE_S + 1)
    assert contents(store) == set()


def test_while_nobody_knows_which_lists_there_are_none_has_left(store: ListStore) -> None:
    put(store, ID, "d1")
    store.sweep(None, NOW)
    store.sweep(None, NOW + 2 * UNUSED_GRACE_S)
    store.sweep(set(), NOW + 3 * UNUSED_GRACE_S)
    assert contents(store) == files_of(ID, "d1"), "the grace begins when it is known to be unused"


def test_files_of_other_people_are_left_alone(store: ListStore) -> None:
    put(store, ID, "d1")
    for name in ("mine.txt", ".lock", "hosts-block.txt", "notes.part"):
        (store.folder / name).write_text("mine")
    store.sweep({ID}, NOW)
    assert contents(store) - files_of(ID, "d1") == {
        "mine.txt",
        ".lock",
        "hosts-block.txt",
        "notes.part",
    }


def test_a_list_that_left_the_settings_is_kept_for_the_grace(store: ListStore) -> None:
    put(store, ID, "d1")
    put(store, OTHER, "d5")
    store.sweep({ID}, NOW)
    store.sweep({ID}, NOW + UNUSED_GRACE_S)
    assert contents(store) == files_of(ID, "d1") | files_of(OTHER, "d5")
    store.sweep({ID}, NOW + UNUSED_GRACE_S + 1)
    assert contents(store) == files_of(ID, "d1")


def test_a_list_that_comes_back_has_a_new_grace_the_next_time(store: ListStore) -> None:
    state = put(store, ID, "d1")
    store.sweep(set(), NOW)
    store.sweep({ID}, NOW + UNUSED_GRACE_S - 1)
    assert store.read(ID) == Remembered(state)
    store.sweep(set(), NOW + UNUSED_GRACE_S + 1)
    assert contents(store) == files_of(ID, "d1")


def test_a_folder_that_cannot_be_written_is_a_storage_error(store: ListStore) -> None:
    with pytest.raises(StorageError, match="No such file"):
        ListStore(store.folder / "missing").write(ID, SubscriptionState("u", "block"))


async def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "lists").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="File exists"):
        async with ListStore(tmp_path / "lists").locked():
            pass


async def test_only_one_holds_the_lock_and_the_others_are_told(store: ListStore) -> None:
    async with store.locked():
        with pytest.raises(StorageError, match="another sinkhole is updating"):
            async with ListStore(store.folder).locked(patience_s=0):
                pass
    async with ListStore(store.folder).locked(patience_s=0):
        pass


async def test_whoever_waits_gets_the_lock_when_it_is_let_go(store: ListStore) -> None:
    got = asyncio.Event()

    async def wait_for_lock() -> None:
        async with ListStore(store.folder).locked(patience_s=30):
            got.set()

    async with asyncio.TaskGroup() as group:
        async with store.locked():
            group.create_task(wait_for_lock())
            await asyncio.sleep(0)
            assert not got.is_set()
        await asyncio.wait_for(got.wait(), 30)


async def test_a_file_system_without_locks_is_updated_all_the_same(
    store: ListStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    async with store.locked(patience_s=0), ListStore(store.folder).locked(patience_s=0):
        pass


HOLDER = """
import asyncio, sys
from pathlib import Path
from sinkhole.control.lists.store import ListStore

async def hold():
    async with ListStore(Path(sys.argv[1])).locked():
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(hold())
"""


async def test_the_lock_ends_with_a_process_that_is_killed(store: ListStore) -> None:
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(store.folder), stdin=pipe, stdout=pipe
    )
    assert holder.stdin is not None and holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(StorageError):
        async with store.locked(patience_s=0):
            pass
    holder.kill()
    await holder.wait()
    holder.stdin.close()
    async with store.locked(patience_s=0):
        pass
