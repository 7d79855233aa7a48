"""Settings: what can be set, how it is written, and who set it.

`load` reads the file and the environment into a `Settings`, or raises SettingsError with every
problem at once. Start reading at `model.py`; each section is a file of its own, the kinds of
values are in `fields.py`, and the way from text to values is document > layers > load.
"""

from sinkhole.settings.addresses import Address, Endpoint, Network
from sinkhole.settings.blocking import BlockingMode, BlockingSettings
from sinkhole.settings.clients import ClientSettings
from sinkhole.settings.effective import effective
from sinkhole.settings.filtering import ListSettings
from sinkhole.settings.load import load
from sinkhole.settings.log import LogLevel
from sinkhole.settings.model import Settings
from sinkhole.settings.records import LocalRecord
from sinkhole.settings.units import Duration, Size

__all__ = [
    "Address",
    "BlockingMode",
    "BlockingSettings",
    "ClientSettings",
    "Duration",
    "Endpoint",
    "ListSettings",
    "LocalRecord",
    "LogLevel",
    "Network",
    "Settings",
    "Size",
    "effective",
    "load",
]
