"""Settings of the page and its API."""

from __future__ import annotations

from typing import Annotated

from sinkhole.control.settings.addresses import Endpoint
from sinkhole.control.settings.fields import Section, endpoint, host_name


class WebSettings(Section):
    """Where the page is served, and under which names."""

    listen: Annotated[Endpoint, endpoint(8080, any_port=True)] = Endpoint("127.0.0.1", 8080)
    hosts: tuple[Annotated[str, host_name()], ...] = ()
    """Host names a browser may use for the page, besides addresses, localhost and the machine's
    own name; anything else is refused, which stops DNS rebinding."""
