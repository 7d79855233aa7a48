"""Settings: what can be set, how it is written, who set it, and the one way to change it.

`load` reads the file and the environment into a `Settings`, or raises SettingsError with every
problem at once; `SettingsInForce` (in_force.py) is what a server runs by, with what is stored.
Start reading at `schema.py`, which has every section and key, with `dns_schema.py`,
`upstream_schema.py`, `filtering_schema.py`, `groups_schema.py` and `clients_schema.py`; the kinds
of values are in `values.py`, `units.py`, `addresses.py`, `records.py`, `windows.py`,
`upstream_urls.py` and `upstream_values.py`; `references` sees to it that what they name is there.

    document > sources > layers      text with lines, files and variables, laid over each other
    keyed, merging > load            stored values below them, item by item; what does not fit
    complaints, quoting              mistakes, and values, in words
    changes, differences > in_force  what somebody wants, what it changes, done and taken back
    first_start, added_lists         what moves into state.db, or begins with it
    plain, masking, prose            values for JSON, without secrets; the texts of the schema
    describe, json_schema            all that is known of each key, for page, programs and editors
    reference, render                the reference document, and the settings in force as YAML
    shipped, hosts_file              data that came with the program, and that of the machine
"""

from sinkhole.control.settings.addresses import Address, Endpoint, Network
from sinkhole.control.settings.clients_schema import ClientSettings
from sinkhole.control.settings.filtering_schema import (
    BlockingMode,
    BlockingSettings,
    BuiltinSettings,
    FilteringSettings,
    ListSettings,
    SafeSearchSettings,
)
from sinkhole.control.settings.groups_schema import GroupSettings, ScheduleSettings
from sinkhole.control.settings.load import load, load_written, make_list
from sinkhole.control.settings.masking import without_secrets
from sinkhole.control.settings.records import LocalRecord
from sinkhole.control.settings.render import effective
from sinkhole.control.settings.schema import LogLevel, Settings
from sinkhole.control.settings.units import Duration, Size

__all__ = [
    "Address",
    "BlockingMode",
    "BlockingSettings",
    "BuiltinSettings",
    "ClientSettings",
    "Duration",
    "Endpoint",
    "FilteringSettings",
    "GroupSettings",
    "ListSettings",
    "LocalRecord",
    "LogLevel",
    "Network",
    "SafeSearchSettings",
    "ScheduleSettings",
    "Settings",
    "Size",
    "effective",
    "load",
    "load_written",
    "make_list",
    "without_secrets",
]
