"""One state for several sinkholes: each has a copy of its own, and changes go through a hub.

entries   rows of the state as others get them: what changed, what came
checking  whether what came can be rows at all
hub       what a hub is: it numbers changes, keeps the last of each row, and tells who is behind
own_hub   the state of this very sinkhole as the hub of others
following what these two have in common
replica   one sinkhole's copy: joins, follows, tells; goes on alone while the hub is away

Settings, accounts, tokens, pauses and rules for a time are shared. Whoever is signed in, the audit,
and settings of the machine itself (`settings/own_keys`) are not.
"""
