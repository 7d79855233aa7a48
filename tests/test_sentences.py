"""The German page is German: each sentence of the server that it may show is translated.

Which sentences those are is decided in `sentences.py`, and said there. What the catalogue of lists
says of its entries is shown as well, and what the system says of files and connections, of which
the common ones are translated. Of pydantic's own messages none is: what it finds wrong is put into
our words, where it is told to people.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sentences import SOURCE, sentences_of, speaking_files, texts_of

from sinkhole.control.settings.shipped import known_services, read_catalogue

SAID = SOURCE.parent / "ui/src/words/said"
PAGE = SOURCE.parent / "ui/src/pages"
PLACE = re.compile(r"\{(\d*)\}")
OF_PAGE = re.compile(r'^const NOTE = "(.+)";$', re.MULTILINE)
"""What the page itself writes into the history of settings, for readers of any language."""
LICENCE = re.compile(r"^[a-z]")
"""Licences that are described; the others have names."""


COMMON = (
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ENOSPC),
    *(errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENOMEM),
    *(errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.ECONNREFUSED, errno.ECONNRESET),
    *(errno.ETIMEDOUT, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN),
)
OF_SYSTEM = {os.strerror(code) for code in COMMON}
OF_SYSTEM |= {"Name or service not known", "Temporary failure in name resolution"}


def of_catalogue() -> Iterator[str]:
    for entry in read_catalogue():
        yield entry.purpose
        if LICENCE.match(entry.licence):
            yield entry.licence


LANGUAGES = sorted(SAID.glob("*.json"))
NEEDED = {text for path in speaking_files() for text in sentences_of(path)} | OF_SYSTEM
NEEDED |= set(of_catalogue())
NEEDED |= {note for path in PAGE.rglob("*.ts") for note in OF_PAGE.findall(path.read_text())}
THERE = NEEDED | {text for path in speaking_files() for text in texts_of(path)}
THERE |= {service.name for service in known_services().values()}


def read(path: Path) -> dict[str, str]:
    pairs = json.loads(path.read_text(), object_pairs_hook=list)
    twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
    assert twice == []
    return dict(pairs)


def test_german_is_there() -> None:
    assert [path.stem for path in LANGUAGES] == ["de"]
    assert len(NEEDED) > 1000
    assert "first run" in NEEDED


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
class TestLanguage:
    def test_every_sentence_is_translated(self, path: Path) -> None:
        assert sorted(NEEDED - set(read(path))) == []

    def test_nothing_is_translated_that_nobody_says(self, path: Path) -> None:
        assert sorted(set(read(path)) - THERE) == []

    def test_places_are_those_of_the_sentence(self, path: Path) -> None:
        """All in their order, or by their numbers from 1; one that a language needs not is left
        out."""
        for english, told in read(path).items():
            numbers, places = PLACE.findall(told), english.count("{}")
            if all(numbers):
                assert {int(each) for each in numbers} <= set(range(1, places + 1)), english
            else:
                assert not any(numbers) and len(numbers) == places, english

    def test_what_surrounds_a_sentence_stays(self, path: Path) -> None:
        for english, told in read(path).items():
            assert told.strip(), english
            assert (told[0] == " ") == (english[0] == " "), english
