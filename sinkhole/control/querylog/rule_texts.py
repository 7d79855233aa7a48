"""The texts of the rules that decided: read from the lists' files, in a thread, once for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from sinkhole.control.querylog.dictionary import MOST_REMEMBERED
from sinkhole.model.errors import SinkholeError
from sinkhole.model.record import Report
from sinkhole.model.verdict import Cause


class RuleTexts:
    """What `read` says of a cause, remembered; it may raise OSError or a SinkholeError."""

    def __init__(self, read: Callable[[Cause], str]) -> None:
        self._read = read
        self._texts: dict[Cause, str] = {}

    async def learn(self, reports: Iterable[Report]) -> None:
        """Make `of` know the rules of these reports."""
        causes = {c for r in reports if (c := r.verdict.cause).line and not c.rule}
        if len(self._texts) + len(causes) > MOST_REMEMBERED:
            self._texts = {}
        unread = [cause for cause in causes if cause not in self._texts]
        if unread:
            self._texts.update(await asyncio.to_thread(self._read_all, unread))

    def of(self, cause: Cause) -> str:
        """The text of a rule, "" where none decided or it can't be read."""
        return self._texts.get(cause, "") if cause.line and not cause.rule else cause.rule

    def forget(self) -> None:
        """Read rules anew: line 7 of a list may be another one since the list was updated."""
        self._texts = {}

    def _read_all(self, causes: list[Cause]) -> dict[Cause, str]:
        texts = {}
        for cause in causes:
            try:
                text = self._read(cause)
            except (OSError, SinkholeError):
                text = ""  # list and line still say which rule it was
            texts[cause] = text.encode("utf-8", "replace").decode()
        return texts
