from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from sinkhole.control.settings import Settings


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.data_dir = Path("x")
    with pytest.raises(ValidationError):
        settings.dns.rate_limit = 5


def test_settings_are_equal_when_their_values_are() -> None:
    known = Settings().set_by({"upstream.timeout": "stored"})
    assert known == Settings()
    assert Settings.model_validate({"upstream": {"timeout": "3s"}}) != Settings()
    assert Settings() != "settings"


def test_every_key_says_who_set_it() -> None:
    known = Settings().set_by({"upstream.timeout": "stored"})
    assert known.origin_of("upstream.timeout") == "stored"
    assert known.origin_of("upstream.servers") == "default"
    assert Settings().origin_of("upstream.timeout") == "default"


def test_settings_travel_to_another_process() -> None:
    known = Settings().set_by({"upstream.timeout": "stored"})
    copy = pickle.loads(pickle.dumps(known))
    assert copy == known
    assert copy.origin_of("upstream.timeout") == "stored"


def test_the_data_folder_is_a_path_without_tilde() -> None:
    assert Settings.model_validate({"data_dir": "/srv/sinkhole"}).data_dir == Path("/srv/sinkhole")
    with pytest.raises(ValidationError, match="write the whole path"):
        Settings.model_validate({"data_dir": "~/sinkhole"})
