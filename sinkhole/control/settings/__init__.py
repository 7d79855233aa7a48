"""Settings: what can be set, how it is written, and who set it.

`load` reads the file and the environment into a `Settings`, or raises SettingsError with every
problem at once. Start reading at `schema.py`, which has every section and key, with `dns_schema.py`
and `upstream_schema.py`; the kinds of values are in `values.py`, `units.py`, `addresses.py`,
`records.py`, `upstream_urls.py` and `upstream_values.py`, and the way from text to values is
document > layers > load. `render` writes the settings in force, `quoting` shows values to people;
`shipped` has the data that came with the program, `hosts_file` reads that of the machine.
"""

from sinkhole.control.settings.addresses import Address, Endpoint, Network
from sinkhole.control.settings.dns_schema import ClientSettings
from sinkhole.control.settings.load import load, make_list
from sinkhole.control.settings.masking import without_secrets
from sinkhole.control.settings.records import LocalRecord
from sinkhole.control.settings.render import effective
from sinkhole.control.settings.schema import (
    BlockingMode,
    BlockingSettings,
    FilteringSettings,
    ListSettings,
    LogLevel,
    SafeSearchSettings,
    Settings,
)
from sinkhole.control.settings.units import Duration, Size

__all__ = [
    "Address",
    "BlockingMode",
    "BlockingSettings",
    "ClientSettings",
    "Duration",
    "Endpoint",
    "FilteringSettings",
    "ListSettings",
    "LocalRecord",
    "LogLevel",
    "Network",
    "SafeSearchSettings",
    "Settings",
    "Size",
    "effective",
    "load",
    "make_list",
    "without_secrets",
]
