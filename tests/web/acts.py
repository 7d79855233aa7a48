"""What somebody does at the page, over and over."""

from __future__ import annotations

from playwright.async_api import Locator, Page

STEP_MS = 100


async def until_shown(page: Page, wanted: Locator) -> None:
    """Let the page's clock go on until something is shown, as news come when they come."""
    while not await wanted.count():
        await page.clock.run_for(STEP_MS)


async def refresh(page: Page) -> None:
    """Let the overview read everything again, as for somebody who comes back to it, when it has
    done so for the first time."""
    await page.wait_for_selector("#facts dt", state="attached")
    rows = "section[aria-labelledby=queries-title] :is(tbody tr, p)"
    await page.wait_for_selector(rows, state="attached")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.clock.run_for(2_000)


async def type_name(page: Page, text: str) -> None:
    """Type part of a name into the filter, and stop typing."""
    await page.locator("#filter-name").fill(text)
    await page.clock.run_for(1_000)


async def row_keys(page: Page) -> list[str]:
    """The rows of the log that are shown, by their ids."""
    return await page.locator("#queries tbody tr").evaluate_all(  # type: ignore[no-any-return]  # text
        "rows => rows.map(row => row.dataset.key)"
    )
