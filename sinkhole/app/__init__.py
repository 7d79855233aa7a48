"""The only place that builds everything: what is made of what, what starts and stops when.

app              one running sinkhole; takes other settings while it runs
change           one change of settings: made ready whole, then put in force at once
ground           the data folder, the state in it, the settings: what stands before all else
publishing       settings, lists and a pause become one Policy
upstreams        those that are asked, in the terms of the DNS plane
answers          what is remembered; `cache_file` is its file
listening        DNS and the page: what cannot be had at the start is tried again
encrypted        DNS over TLS, HTTPS and QUIC; `shown_certificate` is what listeners show
page             the page and the socket for commands
front            the House, as operations see it
sharing          log and state that several have; `shared_state` goes over from one way to another
nodes            this node among those that share a database; `own_report` is what it says
pair             what the other one of a pair is told of this sinkhole
overview         status, problems, and with `server_health` ok, degraded or failing
readiness        whether the server is to be asked, for whatever is in front of several
restart          beginning anew as the program installed now; `handover` is what is left to it
service_manager  what systemd is told; `self_query` asks whether DNS answers
offline          the House without a running server
from_settings    parts of the DNS plane as the settings want them
descriptors      how many files and sockets there are, and who gets how many
list_hosts       where lists come from: names of the house, then the upstreams
data_dir         the folder for what outlives a restart, and its lock
"""
