"""Lists: fetched or read, checked, kept as the last good copy, compiled in a child, mapped.

library          `Library`: all lists of the settings, loaded, scheduled, published (start here)
subscriptions    which lists there are
subscription     one list with all that is known about it, and when it is due
own_rules        the rules of the settings, as a list
builtin          services, safe search and what else the settings ask for by name, as lists

update           one list brought up to date, step by step: the order is the crash safety
fetch            over HTTP: conditional requests, redirects, limits
destinations     which addresses a fetch may connect to
local            from a file of this machine, or one that travels with the package
gunzip           unpacked piece by piece
copies           checked on the way to the disk, packed when out of use
exchange         what other sinkholes have fetched is taken, and they are offered what this one has
lending          what another one may take of this one
offers           where that is done: a database, another sinkhole
child_processes  compiled, and counted, beside the server
child            what such a process makes of itself first

versions         which version is in use: taken, held back, accepted, brought back
quarantine       whether a version is held back
essential_names  what no list may block by surprise
loader           taken over from the disk
store            the folder of copies, tries and states: one rename commits an update
workplace        where one process fetches and compiles
state            what is remembered about one list between runs
recovery         what can be used of a list whose state can't be read

status           what the page and the command line show about a list
diff             what differs between two versions
overlap          how many names each list has alone (`unique` counts them)
preview          a list that nobody uses yet, to be looked at
progress         what an update tells whoever watches it
"""
