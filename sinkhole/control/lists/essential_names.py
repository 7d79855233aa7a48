"""Names that no list may block by surprise: without them a household thinks it is offline.

When a device joins a network it asks one of these whether it has reached the internet; if the
name is blocked, phones show "no connection" and laptops a sign-in page that never comes. The
others bring updates of systems and the time, without which security ends quietly. The table is
our own; every name is exact. Settings can add names, see `filtering.guard.canaries`.
"""

from __future__ import annotations

from typing import Final

CONNECTIVITY: Final = (
    # Apple
    "captive.apple.com",
    "www.apple.com",
    # Google: Android and Chrome
    "clients3.google.com",
    "connectivitycheck.android.com",
    "connectivitycheck.gstatic.com",
    "play.googleapis.com",
    "www.google.com",
    "www.gstatic.com",
    # Microsoft
    "dns.msftncsi.com",
    "ipv6.msftconnecttest.com",
    "www.msftconnecttest.com",
    "www.msftncsi.com",
    # Firefox
    "detectportal.firefox.com",
    # Linux desktops
    "conncheck.opensuse.org",
    "connectivity-check.ubuntu.com",
    "network-test.debian.org",
    "nmcheck.gnome.org",
    "ping.archlinux.org",
    # Consoles and readers
    "conntest.nintendowifi.net",
    "ctest.cdn.nintendo.net",
    "spectrum.s3.amazonaws.com",
)
"""What devices ask to learn whether they are online."""

UPDATES: Final = (
    # Apple
    "gdmf.apple.com",
    "mesu.apple.com",
    "swcdn.apple.com",
    "swscan.apple.com",
    "updates.cdn-apple.com",
    # Google
    "android.clients.google.com",
    "dl.google.com",
    # Microsoft
    "download.windowsupdate.com",
    "sls.update.microsoft.com",
    "update.microsoft.com",
    "windowsupdate.microsoft.com",
    # Firefox
    "aus5.mozilla.org",
    "firefox.settings.services.mozilla.com",
    # Linux distributions
    "archive.raspberrypi.com",
    "archive.ubuntu.com",
    "deb.debian.org",
    "dl-cdn.alpinelinux.org",
    "download.opensuse.org",
    "downloads.openwrt.org",
    "geo.mirror.pkgbuild.com",
    "mirrors.fedoraproject.org",
    "security.debian.org",
    "security.ubuntu.com",
    # The time, which certificates depend on
    "pool.ntp.org",
    "time.android.com",
    "time.apple.com",
    "time.google.com",
    "time.windows.com",
)
"""Where systems get their updates and the time."""

ESSENTIAL_NAMES: Final = CONNECTIVITY + UPDATES
