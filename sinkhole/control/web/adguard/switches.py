"""Safe browsing, parental control and safe search.

The first two are categories of ours, by lists of the catalogue that are fetched for them; nobody in
the internet is asked about a name.
"""

from __future__ import annotations

from typing import Any, Final

from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import Change
from sinkhole.control.web.adguard import everybody
from sinkhole.control.web.adguard.answers import NOTHING, OK, Nothing, Text
from sinkhole.control.web.adguard.asked import Asked, Body

CATEGORIES: Final = "filtering.categories"
SAFE_SEARCH: Final = "filtering.safe_search"
ENGINES: Final = ("bing", "duckduckgo", "ecosia", "google", "pixabay", "yandex", "youtube")
"""Those that it knows; we know one more."""

_CHANGE: Final = "safe_search.change"


class CategorySwitch:
    """A category of the household as a switch."""

    def __init__(self, word: str) -> None:
        self._word = word

    async def status(self, asked: Asked) -> dict[str, bool]:
        """GET …/status."""
        return {"enabled": self._word in _categories(asked.settings)}

    async def enable(self, asked: Asked) -> Nothing:
        """POST …/enable."""
        return await self._set(asked, True)

    async def disable(self, asked: Asked) -> Nothing:
        """POST …/disable."""
        return await self._set(asked, False)

    async def _set(self, asked: Asked, wanted: bool) -> Nothing:
        now = _categories(asked.settings)
        then = [each for each in now if each != self._word] + [self._word] * wanted
        changes = []
        if set(then) != set(now):
            changes = everybody.changes_of(asked.settings, "categories", CATEGORIES, now, then)
        word = "on" if wanted else "off"
        await asked.change(_CHANGE, changes, f"category {self._word} {word}")
        return NOTHING


def _categories(settings: Settings) -> tuple[str, ...]:
    found: tuple[str, ...] = everybody.said(settings, "categories", settings.filtering.categories)
    return found


of_malware: Final = CategorySwitch("malware")
of_adult: Final = CategorySwitch("adult")


# ---- safe search -------------------------------------------------------------------------------


class SafeSearchBody(Body):
    """Which search engines are led to what is fit for children; a missing one is not."""

    enabled: bool = False
    bing: bool = False
    duckduckgo: bool = False
    ecosia: bool = False
    google: bool = False
    pixabay: bool = False
    yandex: bool = False
    youtube: bool = False


def shown_safe_search(levels: dict[str, Any]) -> dict[str, bool]:
    """Levels of ours as switches there. While all are off, the switches say what turning it on
    would turn on, as there: everything."""
    on = {engine: _is_on(levels[engine]) for engine in ENGINES}
    if not any(_is_on(each) for each in levels.values()):
        return {"enabled": False, **dict.fromkeys(ENGINES, True)}
    return {"enabled": True, **on}


def levels_of(given: SafeSearchBody, levels: dict[str, Any]) -> dict[str, Any]:
    """The levels that are wanted, beside those there are: YouTube's level stays, and what only we
    know goes off with all others."""
    if not given.enabled:
        return {engine: "off" if engine == "youtube" else False for engine in levels}
    then = dict(levels)
    for engine in ENGINES:
        is_wanted = getattr(given, engine)
        if engine != "youtube":
            then[engine] = is_wanted
        elif is_wanted != _is_on(levels[engine]):
            then[engine] = "strict" if is_wanted else "off"
    return then


async def safe_search(asked: Asked) -> dict[str, bool]:
    """GET safesearch/status."""
    return shown_safe_search(asked.settings.filtering.safe_search.model_dump())


async def change_safe_search(asked: Asked) -> Text:
    """PUT safesearch/settings: all of it."""
    await _change(asked, await asked.body(SafeSearchBody))
    return OK


async def enable_safe_search(asked: Asked) -> Nothing:
    """POST safesearch/enable: those that are shown."""
    shown = shown_safe_search(asked.settings.filtering.safe_search.model_dump())
    await _change(asked, SafeSearchBody.model_validate({**shown, "enabled": True}))
    return NOTHING


async def disable_safe_search(asked: Asked) -> Nothing:
    """POST safesearch/disable."""
    await _change(asked, SafeSearchBody())
    return NOTHING


async def _change(asked: Asked, given: SafeSearchBody) -> None:
    now = asked.settings.filtering.safe_search.model_dump()
    then = levels_of(given, now)
    changes = [
        Change(f"{SAFE_SEARCH}.{engine}", value=level)
        for engine, level in then.items()
        if level != now[engine]
    ]
    await asked.change(_CHANGE, changes, f"safe search {'on' if given.enabled else 'off'}")


def _is_on(level: bool | str) -> bool:
    return level not in (False, "off")
