"""What the page says of settings and operations in other languages is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sinkhole.control.operations.catalogue import OPERATIONS
from sinkhole.control.settings import Settings
from sinkhole.control.settings.describe import described

WORDS = Path(__file__).parents[2] / "ui" / "src" / "words"
LANGUAGES = sorted(each.stem for each in (WORDS / "languages").glob("*.json"))
BY_THEMSELVES = {"session.begin", "backup.download", "pairing.accept"}
"""What is in the audit and no operation that changes something."""


def words(folder: str, language: str) -> dict[str, Any]:
    return json.loads((WORDS / folder / f"{language}.json").read_text())  # type: ignore[no-any-return]  # our own


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_setting_has_its_title_and_help_in_every_language(language: str) -> None:
    said, settings = words("settings", language), described(Settings())
    assert set(said) == {each.key for each in settings}
    for each in settings:
        title, text = said[each.key]
        assert title, each.key
        assert bool(text) == bool(each.help), each.key
        assert text != each.help, each.key


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_audit_has_is_said_in_every_language(language: str) -> None:
    changing = {name for name, each in OPERATIONS.items() if each.changes}
    assert set(words("deeds", language)) == changing | BY_THEMSELVES
