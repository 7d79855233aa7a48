"""Settings: what can be set, how it is written, and who set it.

`load` reads the file and the environment into a `Settings`, or raises SettingsError with every
problem at once. Start reading at `model.py`; each section is a file of its own, the kinds of
values are in `fields.py`, and the way from text to values is document > layers > load.
"""

from sinkhole.control.settings.addresses import Address, Endpoint, Network
from sinkhole.control.settings.blocking import BlockingMode, BlockingSettings
from sinkhole.control.settings.clients import ClientSettings
from sinkhole.control.settings.effective import effective
from sinkhole.control.settings.filtering import FilteringSettings, ListSettings
from sinkhole.control.settings.load import load
from sinkhole.control.settings.log import LogLevel
from sinkhole.control.settings.model import Settings
from sinkhole.control.settings.records import LocalRecord
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
    "Settings",
    "Size",
    "effective",
    "load",
]
