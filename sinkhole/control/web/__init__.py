"""The page, the API and the metrics: everything a browser or a scraper sees.

`create_app` builds the application from `WebSources`, callables through which it reads the rest
of sinkhole; `Site` serves it on a host and port. Nothing here decides anything about DNS.

    sources      what the site reads, as protocols: it imports no other room
    app          routes, and the errors of every request as JSON
    api          /api/…: parameters checked, sources asked
    metrics      /metrics: counters in the Prometheus text format, read when scraped
    assets       the page's files, held in memory under an address that names their content
    guard        who may ask: Host, Origin and content type; the headers every answer carries
    connections  how many connections at once, and how long each may take
    site         starting and stopping
    page/        the page itself: plain HTML, CSS and ES modules. It needs no third-party code
                 and no build step, so it has neither
"""

from sinkhole.control.web.app import create_app
from sinkhole.control.web.guard import machine_names
from sinkhole.control.web.site import Site
from sinkhole.control.web.sources import WebSources

__all__ = ["Site", "WebSources", "create_app", "machine_names"]
