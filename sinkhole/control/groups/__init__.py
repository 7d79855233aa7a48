"""What applies to whom, and when: groups, clients, schedules and pauses as final values.

`household` is the door: of the settings, at a moment and with the pauses there are, it says which
EffectivePolicy each group and each client has, and when that may change by itself. Time comes in,
and nothing here asks for anything: no clock, no file, no network.

    calendar    the windows of schedules: which are open at a moment, and the next edge
    effective   an EffectivePolicy, and how layers of settings come to one
    household   who has which
"""
