"""Settings in several files of a folder, and values that are read from files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.settings import Settings, effective, load, sources, without_secrets
from sinkhole.model.errors import SettingsError


def folder(path: Path, **files: str) -> Path:
    where = path / "conf.d"
    where.mkdir(exist_ok=True)
    for name, text in files.items():
        (where / f"{name}.yaml").write_text(text)
    return where


def problems(path: Path | None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(path, environ or {})
    return caught.value.problems


# ---- a folder ----------------------------------------------------------------------------------


def test_files_of_a_folder_are_one_layer_in_the_order_of_their_names(tmp_path: Path) -> None:
    where = folder(
        tmp_path,
        b="cache: {size: 2MiB}\nfiltering: {rules: ['||b.example^']}",
        a="cache: {max_ttl: 2h}\nfiltering: {rules: ['||a.example^']}\nlog:",
    )
    (where / "c.yml").write_text("local: {records: {c.home: [192.0.2.3]}}")
    (where / ".d.yaml").write_text("no: such key")
    (where / "e.yaml~").write_text("no: such key")
    settings = load(where, {})
    assert settings.filtering.rules == ("||a.example^", "||b.example^")
    assert (settings.cache.size, settings.cache.max_ttl) == (2 << 20, 7200)
    assert settings.origin_of("filtering.rules", "||b.example^") == f"file {where}/b.yaml:2"
    assert settings.origin_of("local.records", "C.home") == f"file {where}/c.yml:1"


def test_an_empty_folder_that_is_called_like_a_file_is_no_settings(tmp_path: Path) -> None:
    where = tmp_path / "sinkhole.yaml"  # containers make one where the file to mount is missing
    where.mkdir()
    (problem,) = problems(where)
    assert "is an empty folder where a file should be" in problem


def test_an_empty_folder_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, {}) == Settings()


def test_a_key_in_two_files_is_a_mistake_that_names_both(tmp_path: Path) -> None:
    where = folder(tmp_path, a="cache:\n  size: 2MiB", b="cache:\n\n  size: 2MiB")
    assert problems(where) == [
        f"{where}/b.yaml:3: cache.size: is written in two files, first in {where}/a.yaml:2;"
        " remove one of them"
    ]


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        ("clients: [{name: TV, ids: [a]}]", "clients: [{name: tv, ids: [b]}]", "clients.tv"),
        (
            "local: {records: {a.home: [192.0.2.1]}}",
            "local: {records: {A.home.: [192.0.2.2]}}",
            'local.records."A.home."',
        ),
        ("upstream: 5", "upstream: {timeout: 1s}", "upstream"),
        ("clients: 5", "clients: [{name: tv, ids: [b]}]", "clients"),
    ],
)
def test_an_item_in_two_files_is_one_too(tmp_path: Path, first: str, second: str, key: str) -> None:
    where = folder(tmp_path, a=first, b=second)
    assert any(
        problem.startswith(f"{where}/b.yaml:1: {key.split('.')[0]}") and "in two files" in problem
        for problem in problems(where)
    )


def test_mistakes_have_the_line_of_their_file(tmp_path: Path) -> None:
    where = folder(tmp_path, a="cache: {size: 2MiB}", b="\ncach: {}")
    assert problems(where) == [f'{where}/b.yaml:2: cach: unknown key, did you mean "cache"?']


def test_a_folder_with_too_many_files_is_the_wrong_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 1)
    where = folder(tmp_path, a="", b="")
    assert problems(where) == [f"{where}: has more than 1 files of settings in it"]


# ---- secrets -----------------------------------------------------------------------------------


def test_a_value_is_read_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret, url = tmp_path / "proxy", tmp_path / "url"
    secret.write_text("http://user:hunter2@192.0.2.8:8080\n")
    url.write_text("https://lists.example.org/hunter3.txt\r\n")
    file = tmp_path / "s.yaml"
    file.write_text(
        f"upstream:\n  servers: ['tls://192.0.2.1']\n  proxy_file: '{secret}'\n"
        f"filtering: {{lists: [{{name: Mine, url_file: '{url}'}}]}}\n"
    )
    settings = load(file, {})
    assert settings.upstream.proxy is not None
    assert settings.upstream.proxy.password == "hunter2"
    assert settings.filtering.lists[0].url == "https://lists.example.org/hunter3.txt"
    assert settings.origin_of("upstream.proxy") == f"file {secret}"
    told = effective(without_secrets(settings))
    assert "hunter" not in told and 'url: "***"' in told
    assert settings.filtering.shown_url(settings.filtering.lists[0]) == "***"
    assert settings.filtering.whole_url(settings.filtering.lists[0]) == "***"


def test_a_variable_can_name_such_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "dir"
    secret.write_text("/srv/data")
    settings = load(None, {"SINKHOLE__DATA_DIR_FILE": str(secret)})
    assert settings.data_dir == Path("/srv/data")


def test_upstreams_of_sets_and_routes_can_be_secret(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("https://dns.example.org/hunter2")
    file = tmp_path / "s.yaml"
    file.write_text(
        "upstream:\n"
        f"  sets: {{family: {{servers: [{{url_file: '{secret}'}}]}}}}\n"
        f"  routes: {{Corp.example.: [{{url_file: '{secret}'}}]}}\n"
    )
    settings = load(file, {})
    assert settings.upstream.sets["family"].servers[0].url.path == "/hunter2"
    assert "hunter2" not in effective(without_secrets(settings))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("upstream: {proxy_file: /no/such/file}", "cannot be read: No such file"),
        ("upstream: {proxy_file: }", "is no path of a file"),
        ("upstream: {proxy_file: [a]}", "is no path of a file"),
        ("upstream: {proxy_file: /dev/null, proxy: ''}", "proxy is set as well"),
        ("upstream: {servers_file: /dev/null}", "servers_file: unknown key"),
        ("upstream_file: /dev/null", "upstream_file: unknown key"),
    ],
)
def test_mistakes_with_such_files_are_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(text)
    (problem,) = problems(file)
    assert problem.startswith(f"{file}:1: ") and told in problem


@pytest.mark.parametrize("content", [b"hunter2", b"\xff", b"x" * (65 << 10)])
def test_what_such_a_file_holds_stands_in_no_error(tmp_path: Path, content: bytes) -> None:
    secret, file = tmp_path / "secret", tmp_path / "s.yaml"
    secret.write_bytes(content)
    file.write_text(f"upstream: {{proxy_file: '{secret}'}}")
    (problem,) = problems(file)
    assert "upstream.proxy" in problem and str(secret) in problem
    assert "hunter2" not in problem
