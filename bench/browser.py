"""What somebody feels of the page in a real browser, by the browser's own account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from playwright.async_api import Browser, Page, Playwright, async_playwright

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic"]
PAGES: Final = ("queries", "devices", "lists", "rules", "settings")
"""Besides the overview, by their addresses."""
IN: Final = "#reach[data-state=fine]"
CALM_MS: Final = 1_500

_ASKED: Final = """() => performance.getEntriesByType("resource")
  .filter(({ name }) => name.includes("/api/v1/") && !name.includes("/events"))
  .map(({ name, startTime, responseEnd }) =>
    [new URL(name).pathname.split("/api/v1")[1], startTime, responseEnd])"""

_SCRIPTS: Final = """() => performance.getEntriesByType("resource")
  .filter(({ name }) => name.endsWith(".js"))
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""

_PAINTED: Final = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime"""

# From what somebody does until the frame in which its effect is painted.
_UNTIL: Final = """async ([does, isDone]) => {
  const done = new Function("return " + isDone);
  const begun = performance.now();
  new Function(does)();
  while (!done()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""

_FRAMES: Final = """async (seconds) => {
  const gaps = [];
  let long = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) long += duration;
  });
  observer.observe({ type: "longtask" });
  const begun = performance.now();
  let last = await new Promise(requestAnimationFrame);
  while (last - begun < seconds * 1000) {
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  observer.disconnect();
  return [gaps, long];
}"""


class Frames(NamedTuple):
    """Frames of some seconds: milliseconds between them, and those of tasks longer than 50 ms."""

    gaps_ms: list[float]
    long_ms: float

    @property
    def dropped(self) -> int:
        """How many frames a screen of 60 Hz would have shown besides."""
        return sum(max(round(gap / (1000 / 60)) - 1, 0) for gap in self.gaps_ms)


class Visit(NamedTuple):
    """A first visit of a browser that knows nothing."""

    painted_ms: float
    scripts_bytes: int
    asked: list[tuple[str, float]]
    """Each address of the API with its milliseconds."""
    data_ms: float
    """From the first of these questions to the last answer."""


@asynccontextmanager
async def _browser(playwright: Playwright) -> AsyncIterator[Browser]:
    running = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    try:
        yield running
    finally:
        await running.close()


async def first_visit(url: str) -> Visit:
    """Open the overview in a new browser."""
    async with async_playwright() as playwright, _browser(playwright) as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        await page.goto(url)
        await page.wait_for_selector("#queries tbody tr")
        await page.wait_for_selector("#facts dt")
        asked = await page.evaluate(_ASKED)
        painted, scripts = await page.evaluate(_PAINTED), await page.evaluate(_SCRIPTS)
    return Visit(painted, scripts, *_data(asked))


def _data(asked: list[tuple[str, float, float]]) -> tuple[list[tuple[str, float]], float]:
    begun, ended = min(each[1] for each in asked), max(each[2] for each in asked)
    return [(path, end - begin) for path, begin, end in asked], ended - begun


@asynccontextmanager
async def a_page(url: str) -> AsyncIterator[Page]:
    """A page that is open and calm."""
    async with async_playwright() as playwright, _browser(playwright) as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        await page.goto(url)
        await page.wait_for_selector(IN)
        await page.wait_for_timeout(CALM_MS)
        yield page


async def data_of_pages(url: str) -> dict[str, tuple[list[tuple[str, float]], float]]:
    """What each page asks for when somebody goes there, and how long that takes."""
    found = {}
    async with a_page(url) as page:
        for name in PAGES:
            await page.evaluate("performance.clearResourceTimings()")
            await page.evaluate("(name) => { location.hash = `#/${name}` }", name)
            await page.wait_for_selector("main .card")
            await page.wait_for_timeout(CALM_MS)
            if asked := await page.evaluate(_ASKED):
                found[name] = _data(asked)
    return found


async def acts_on_log(url: str, rounds: int) -> dict[str, list[float]]:
    """How long it takes until what somebody does on the log is seen, in milliseconds."""
    took: dict[str, list[float]] = {}
    async with a_page(f"{url}#/queries") as page:
        await page.wait_for_selector("#queries tbody tr")
        for _ in range(rounds):
            for what, (does, is_done) in ACTS.items():
                took.setdefault(what, []).append(await page.evaluate(_UNTIL, [does, is_done]))
    return took


async def frames_of_log(url: str, seconds: float) -> tuple[Frames, int]:
    """Frames of the live log, and how many rows it shows or has room for at the end."""
    async with a_page(f"{url}#/queries") as page:
        await page.wait_for_selector("#queries tbody tr")
        frames = Frames(*await page.evaluate(_FRAMES, seconds))
        rows = await page.locator("#queries").get_attribute("aria-rowcount")
    return frames, int(rows or 0)


def _choose(verdict: str) -> str:
    return (
        "const box = document.querySelector('#filter-verdict');"
        f"box.value = '{verdict}';"
        "box.dispatchEvent(new Event('change', { bubbles: true }));"
    )


_ROWS: Final = "document.querySelectorAll('#queries tbody tr')"
_KINDS: Final = f"[...{_ROWS}].map(({{ className }}) => className)"
ACTS: Final = {
    "only what was blocked": (
        _choose("blocked"),
        f"{_ROWS}.length > 0 && {_KINDS}.every((each) => each === 'blocked')",
    ),
    "all again": (_choose(""), f"{_KINDS}.some((each) => each !== 'blocked')"),
    "all about a query": (
        "document.querySelector('td.asked button').click();",
        "document.querySelector('dialog[open] .facts')",
    ),
    "closed again": (
        "document.querySelector('dialog[open] button').click();",
        "!document.querySelector('dialog[open]')",
    ),
    "older queries": (
        "window.older = " + _ROWS + ".length; document.querySelector('#older').click();",
        f"{_ROWS}.length > window.older",
    ),
}
"""What somebody does on the log, and what is so when it is done."""
