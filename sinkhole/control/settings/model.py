"""The settings as a whole: one attribute a section, and who set each key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, PrivateAttr

from sinkhole.control.settings.cache import CacheSettings
from sinkhole.control.settings.clients import ClientSettings, all_differ
from sinkhole.control.settings.dns import DnsSettings
from sinkhole.control.settings.fields import Section, folder
from sinkhole.control.settings.filtering import FilteringSettings
from sinkhole.control.settings.local import LocalSettings
from sinkhole.control.settings.log import LogSettings
from sinkhole.control.settings.query_log import QueryLogSettings
from sinkhole.control.settings.stats import StatsSettings
from sinkhole.control.settings.upstream import UpstreamSettings
from sinkhole.control.settings.web import WebSettings


class Settings(Section):
    """Everything that can be set; `Settings()` is all defaults, `load` reads the rest.

    Two are equal when every value is, whoever set it.
    """

    dns: DnsSettings = DnsSettings()
    clients: Annotated[tuple[ClientSettings, ...], AfterValidator(all_differ)] = ()
    """Clients that rules can name; everybody else is a client without a name."""
    upstream: UpstreamSettings = UpstreamSettings()
    cache: CacheSettings = CacheSettings()
    filtering: FilteringSettings = FilteringSettings()
    local: LocalSettings = LocalSettings()
    query_log: QueryLogSettings = QueryLogSettings()
    stats: StatsSettings = StatsSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    data_dir: Annotated[Path, folder()] = Path("data")
    """Where everything is stored that must outlive a restart; made when it is missing."""

    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def origin_of(self, key: str) -> str:
        """Who set a key such as "upstream.timeout".

        The answer is "default", "stored", "file config/sinkhole.yaml:14" or
        "environment SINKHOLE__UPSTREAM__TIMEOUT".
        """
        return self._origins.get(key, "default")

    def set_by(self, origins: Mapping[str, str]) -> Settings:
        """The same settings, knowing who set which key; keys that are missing are defaults."""
        known = self.model_copy()
        known._origins = dict(origins)
        return known

    def __eq__(self, other: object) -> bool:
        """Whether all values are the same."""
        return isinstance(other, Settings) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # holds mappings
