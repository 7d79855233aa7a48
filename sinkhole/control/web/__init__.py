"""The page, the API and the metrics: everything a browser or a scraper sees.

`create_app` builds the application from `WebSources`, through which it reads the rest of
sinkhole; `WebServer` serves it on a host and port. Nothing here decides anything about DNS.

    sources         what it is given to read from, and the status of the whole server
    app             routes, and the errors of every request as JSON
    api             /api/…: parameters checked, sources asked
    metrics         /metrics: counters in the Prometheus text format, read when scraped
    assets          the page's files, held in memory under an address that names their content
    request_checks  who may ask: Host, Origin and content type, before any handler
    responses       JSON and errors, and the headers every response carries
    connections     how many connections at once, and how long each may take
    server          starting and stopping
    page/           the page itself: plain HTML, CSS and ES modules. It needs no third-party code
                    and no build step, so it has neither
"""

from sinkhole.control.web.app import create_app
from sinkhole.control.web.request_checks import machine_names
from sinkhole.control.web.server import MOST_CONNECTIONS, WebServer
from sinkhole.control.web.sources import ServerStatus, WebSources

__all__ = [
    "MOST_CONNECTIONS",
    "ServerStatus",
    "WebServer",
    "WebSources",
    "create_app",
    "machine_names",
]
