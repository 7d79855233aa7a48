"""From Pi-hole's Teleporter archive, pihole.toml or gravity.db to a plan.

reader       which of these a file is, and all of it (start here)
gravity      the rows of gravity.db
matrix       its groups, of which a client may have several, as groups of ours
domains      exact names and regular expressions, allowed and blocked, as rules
toml         pihole.toml, but for names
names        local names, aliases, and conditional forwarding
"""
