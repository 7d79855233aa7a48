from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sinkhole.control.settings import Duration, Settings, Size, load
from sinkhole.model.errors import SettingsError

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def test_nothing_at_all_gives_the_defaults() -> None:
    assert load(None, {}) == Settings()


@pytest.mark.parametrize("text", ["", "# only a comment\n", "dns:\nupstream:\n", "---\n", "null\n"])
def test_an_empty_file_gives_the_defaults(loaded: Load, text: str) -> None:
    assert loaded(text) == Settings()


def test_the_file_wins_over_what_is_stored_and_the_environment_over_both(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("upstream:\n  timeout: 2s\ncache: {size: 2MiB}\n")
    stored = {"upstream": {"timeout": "1s"}, "cache": {"size": "1MiB", "max_ttl": "1h"}}
    settings = load(file, {"SINKHOLE__CACHE__SIZE": "3MiB"}, stored)
    assert settings.upstream.timeout == 2.0
    assert settings.cache.size == 3 << 20
    assert settings.cache.max_ttl == 3600.0
    assert settings.origin_of("upstream.timeout") == f"file {file}:2"
    assert settings.origin_of("cache.size") == "environment SINKHOLE__CACHE__SIZE"
    assert settings.origin_of("cache.max_ttl") == "stored"
    assert settings.origin_of("cache.min_ttl") == "default"


def test_a_problem_in_what_is_stored_says_so() -> None:
    with pytest.raises(SettingsError) as caught:
        load(None, {}, {"upstream": {"timeout": 5}})
    assert caught.value.problems == [
        'stored: upstream.timeout: "5" has no unit, write for instance "5s" or "5h"'
    ]


def test_stored_values_may_have_their_types_already() -> None:
    stored = {"upstream": {"timeout": Duration(3)}, "cache": {"size": Size(1 << 20)}}
    settings = load(None, {}, stored)
    assert (settings.upstream.timeout, settings.cache.size) == (3.0, 1 << 20)


def test_a_file_with_a_byte_order_mark_is_read(loaded: Load) -> None:
    assert loaded("\ufeffdata_dir: x\n").data_dir == Path("x")


def test_a_file_with_windows_line_ends_has_the_right_lines(problems: Problems) -> None:
    assert problems("dns:\r\n  rate_limit: 5\r\nx: 1\r\n")[0].startswith("s.yaml:3: x: ")


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "none.yaml", {})
    assert str(caught.value) == f"{tmp_path}/none.yaml: cannot be read: No such file or directory"


def test_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load(tmp_path, {})


def test_a_missing_file_does_not_hide_what_is_wrong_in_the_environment(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "none.yaml", {"SINKHOLE__DNS__RATE_LIMIT": "many"})
    assert len(caught.value.problems) == 2


def test_a_file_that_is_no_utf_8_names_the_line(problems: Problems) -> None:
    assert problems(b"a: 1\nb: \xff\n") == [
        "s.yaml:2: is not UTF-8 text, save the file in that encoding"
    ]


def test_a_huge_file_is_not_read(
    problems: Problems, monkeypatch: pytest.MonkeyPatch, loaded: Load
) -> None:
    monkeypatch.setitem(load.__globals__, "MOST_BYTES", 1 << 20)
    loaded("#" * (1 << 20))
    assert problems("#" * ((1 << 20) + 1)) == ["s.yaml: has more than 1 MiB"]


@pytest.mark.parametrize(("text", "shown"), [("- a\n", "a list"), ("hello", '"hello"'), ("5", "5")])
def test_a_file_without_keys_says_what_settings_are(
    problems: Problems, text: str, shown: str
) -> None:
    assert problems(text) == [
        f"s.yaml:1: {shown} is all there is,"
        ' settings are keys such as "dns:" with values below them'
    ]


def test_broken_yaml_is_one_problem_with_its_line(problems: Problems) -> None:
    assert problems("dns:\n\tlisten: []\n") == [
        "s.yaml:2: a tab is used for indentation, write spaces"
    ]
