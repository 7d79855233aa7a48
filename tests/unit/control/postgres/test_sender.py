"""Each batch once, whatever was not heard of a commit."""

from __future__ import annotations

from pathlib import Path

import pytest
from log_kit import a_log, until
from sharing_kit import batch, blocked, report, server_of

from sinkhole.control.postgres.schema import migrate
from sinkhole.control.postgres.sender import Sender
from sinkhole.model.errors import StorageError


async def test_a_batch_whose_commit_was_not_heard_of_is_not_sent_again(
    tmp_path: Path, postgres_url: str
) -> None:
    async with server_of(postgres_url) as server, a_log(tmp_path / "querylog.db") as kit:
        await migrate(server)
        source = kit.log.reader()
        sender = Sender(server, source, "here")
        assert not await sender.begin(), "nothing is kept for it yet"
        kit.log.outbox.is_wanted = True
        kit.log.lists_changed()
        await until(lambda: not kit.log.outbox.is_stale)
        kit.buffer.append(batch([report(), blocked()]))
        await until(lambda: kit.log.outbox.waiting_rows == 2)
        unheard, again = Sender(server, source, "here"), Sender(server, source, "here")
        for each in (sender, unheard, again):
            assert await each.begin()
        assert await sender.step()
        with pytest.raises(StorageError, match="by another process"):
            await unheard.step()
        with pytest.raises(StorageError, match="by another process"):
            await again.step()
        assert await again.begin() and not await again.step()
        assert await server.value("SELECT count(*) FROM query") == 2
        assert await server.value("SELECT sum(count) FROM total") == 2
