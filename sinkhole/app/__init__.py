"""The only place that builds everything: what is made of what, what starts and stops when.

app            one running sinkhole
from_settings  parts of the DNS plane as the settings want them
reloading      which settings count at once, and which after a restart
listening      DNS and the page: what cannot be had at the start is tried again
descriptors    how many files and sockets there are, and who gets how many
list_hosts     where lists come from: names of the house, then the upstreams
data_dir       the folder for what outlives a restart, and its lock
cache_file     the answer cache's file
server_health  ok, degraded or failing, and why
short_turns    queries go before threads that compute
memory         free memory given back to the system
"""
