"""The page's files: addresses, caching, and what may stand in them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from sinkhole.control.web.assets import PAGE, Assets

FILES = [PAGE / "index.html", *sorted((PAGE / "assets").iterdir())]
SOURCES = Path(__file__).parents[4] / "ui/src"
MOST_FIRST_BYTES = 94 * 1024
"""Compressed, all that is fetched before the first page is there."""
MARKUP_FROM_TEXT = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
    "DOMParser", "dangerouslySetInnerHTML",
)  # fmt: skip


def _named(page: str) -> set[str]:
    """The files that a page names."""
    return set(re.findall(r'"\./(assets/[^"]+)"', page))


def _sources() -> list[Path]:
    """Our own sources of the page, without what is made."""
    kinds = {".ts", ".tsx", ".css"}
    found = (each for each in sorted(SOURCES.rglob("*")) if each.suffix in kinds)
    return [each for each in found if each.name != "schema.d.ts"]


async def test_every_file_the_page_names_is_served_with_its_type_and_kept_for_ever(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    async with client.get(site.url) as answer:
        page = await answer.text()
        assert answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-cache"
    addresses = _named(page)
    assert {address.rpartition(".")[2] for address in addresses} == {"svg", "css", "js"}
    types = {"svg": "image/svg+xml", "css": "text/css", "js": "text/javascript"}
    for address in addresses:
        async with client.get(f"{site.url}/{address}") as answer:
            assert answer.status == 200
            assert answer.content_type == types[address.rpartition(".")[2]]
            assert "immutable" in answer.headers["Cache-Control"]


def test_no_address_begins_at_the_root_so_that_the_page_may_stand_below_a_path() -> None:
    page = (PAGE / "index.html").read_text()
    assert not re.findall(r"""["'=]/[a-z]""", page)
    absolute = r"""["'`(=]/(?:api|assets)\b|location\.(?:origin|host)\b"""
    for path in FILES:
        assert not re.findall(absolute, path.read_text()), path.name


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
    script = next(each for each in FILES if each.suffix == ".js")
    address = f"{site.url}/assets/{script.name}"
    raw = {"Accept-Encoding": "identity"}
    async with client.get(address, headers=raw) as answer:
        assert "Content-Encoding" not in answer.headers
        plain = await answer.read()
    assert plain == script.read_bytes()
    async with client.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert await answer.read() == plain
        assert int(answer.headers["Content-Length"]) < len(plain)


async def test_files_that_are_not_the_pages_are_not_there(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    for path in ("other.js", "index.html", "..%2findex.html", "..%2fmade-of.txt", ""):
        async with client.get(f"{site.url}/assets/{path}") as answer:
            assert answer.status == 404


def test_the_version_is_the_content(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("assets/app-1.js")
    first = Assets(tmp_path).version
    assert Assets(tmp_path).version == first
    (tmp_path / "index.html").write_text("assets/app-2.js")
    assert Assets(tmp_path).version != first


@pytest.mark.parametrize("path", _sources(), ids=lambda path: path.name)
def test_no_source_makes_markup_from_text_or_leaves_this_server(path: Path) -> None:
    text = path.read_text()
    for forbidden in (*MARKUP_FROM_TEXT, "@import"):
        assert forbidden not in text, forbidden
    assert not re.findall(r"https?://[a-z0-9]", text)
    assert path.suffix == ".css" or len(text.splitlines()) <= 400


NO_EXAMPLE = r"(?!(?:[a-z0-9-]+\.)*example\.(?:org|net|com)\b)"
"""What words to people name as an example is no server."""


def test_nothing_that_was_built_asks_another_server() -> None:
    for path in FILES:
        # Names of kinds of elements, which are no addresses.
        text = path.read_text().replace("http://www.w3.org/", "")
        assert not re.findall(rf"https?://{NO_EXAMPLE}[a-z0-9.-]+\.[a-z]{{2,}}", text), path.name


def test_what_is_fetched_first_is_small() -> None:
    page = PAGE / "index.html"
    first = [page, *(PAGE / each for each in _named(page.read_text()))]
    size = sum(len(gzip.compress(path.read_bytes())) for path in first)
    assert size < MOST_FIRST_BYTES


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_colour_can_be_read_on_every_surface_in_both_schemes() -> None:
    style = (SOURCES / "style.css").read_text()
    colour = r"(#[0-9a-f]{6})"
    both = re.findall(rf"--([a-z-]+): light-dark\({colour}, {colour}\);", style)
    assert len(both) == 14
    for scheme in ({name: each[side] for name, *each in both} for side in (0, 1)):
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
