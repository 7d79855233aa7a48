"""Lists: fetched or read, checked, kept as the last good copy, compiled in a child, mapped.

library    `Library`: all lists of the settings, loaded, scheduled, published (start here)
wanted     what the settings say about lists, and what identifies one
update     one list brought up to date, step by step: the order is the crash safety
fetch      over HTTP: conditional requests, redirects, limits
local      from a file of this machine, or one that travels with the package
doorkeeper which connections a fetch may open
resolve    how the hosts of lists get their addresses
address    which addresses a list may be fetched from
intake     a list's bytes on their way to the disk: unpacked, limited, checked, hashed
compiling  the child process that turns a copy into a mapped trie
store      the folder of copies, tries and states: one rename commits an update
item       one list with all that is known about it while sinkhole runs
state      what is remembered about one list between runs
schedule   when a list is due, and how long after a failure
status     what the page and the command line show about a list
steps      what an update tells whoever watches it
progress   the terminal display of an update
"""
