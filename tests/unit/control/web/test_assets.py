"""The page's files: addresses, caching, and what may stand in them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from sinkhole.control.web.assets import PAGE, Assets

SOURCES = sorted(path for path in PAGE.iterdir() if path.suffix in (".js", ".html", ".css", ".svg"))


async def test_every_file_the_page_names_is_served_with_its_type_and_kept_for_ever(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    async with client.get(site.url) as answer:
        page = await answer.text()
        assert answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-cache"
    addresses = set(re.findall(r'"(assets/[^"]+)"', page))
    assert {address.rpartition(".")[2] for address in addresses} == {"svg", "css", "js"}
    types = {"svg": "image/svg+xml", "css": "text/css", "js": "text/javascript"}
    for address in addresses:
        async with client.get(f"{site.url}/{address}") as answer:
            assert answer.status == 200
            assert answer.content_type == types[address.rpartition(".")[2]]
            assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_address_begins_at_the_root_so_that_the_page_may_stand_below_a_path(path: Path) -> None:
    absolute = r"""["'`(=]/[a-z{]|location\.(?:origin|host)\b"""
    assert not re.findall(absolute, path.read_text())


async def test_the_page_is_not_sent_again_to_a_browser_that_has_it(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    async with client.get(site.url) as answer:
        etag = answer.headers["ETag"]
    async with client.get(site.url, headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with client.get(site.url, headers={"If-None-Match": '"other"'}) as answer:
        assert answer.status == 200


async def test_files_are_compressed_only_for_who_can_read_it(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    address = f"{site.url}/assets/{Assets().version}/app.js"
    raw = {"Accept-Encoding": "identity"}
    async with client.get(address, headers=raw) as answer:
        assert "Content-Encoding" not in answer.headers
        plain = await answer.read()
    assert plain == (PAGE / "app.js").read_bytes()
    async with client.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert await answer.read() == plain
        assert int(answer.headers["Content-Length"]) < len(plain)


async def test_another_version_and_files_that_are_not_the_pages_are_not_there(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    version = Assets().version
    for path in ("0000/app.js", f"{version}/index.html", f"{version}/..%2fapp.py", f"{version}/"):
        async with client.get(f"{site.url}/assets/{path}") as answer:
            assert answer.status == 404


def test_the_version_is_the_content(tmp_path: Path) -> None:
    for name in ("index.html", "app.js"):
        (tmp_path / name).write_text("{version}")
    first = Assets(tmp_path).version
    assert Assets(tmp_path).version == first
    (tmp_path / "app.js").write_text("other")
    assert Assets(tmp_path).version != first


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_file_of_the_page_makes_markup_from_text_or_leaves_this_server(path: Path) -> None:
    text = path.read_text()
    for forbidden in (
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
        "DOMParser", "//cdn", "https://", "@import", "style=", "onclick", "localStorage",
    ):  # fmt: skip
        assert forbidden not in text, forbidden
    assert set(re.findall(r"http://[^\"' ]+", text)) <= {"http://www.w3.org/2000/svg"}


def test_the_whole_page_is_small() -> None:
    size = sum(len(gzip.compress(path.read_bytes())) for path in SOURCES)
    assert size < 32 * 1024
    assert all(len(path.read_text().splitlines()) <= 400 for path in SOURCES)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_colour_can_be_read_on_every_surface_in_both_schemes() -> None:
    style = (PAGE / "style.css").read_text()
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{[^}]*--ground[^}]*\}", style)
    ]
    assert len(schemes) == 2
    for scheme in schemes:
        for text, surfaces in {
            "text": ["ground", "card", "accent-wash", "blocked-wash", "trouble-wash"],
            "quiet": ["ground", "card", "accent-wash"],
            "accent": ["card", "accent-wash"],
            "blocked": ["card"],
            "trouble": ["ground", "card"],
        }.items():
            for surface in surfaces:
                bright, dark = sorted(
                    (_luminance(scheme[text]), _luminance(scheme[surface])), reverse=True
                )
                assert (bright + 0.05) / (dark + 0.05) >= 4.5, (text, surface)
