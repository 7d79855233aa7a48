"""The API of AdGuard Home, /control, as an adapter on our operations.

Programs made for that server work with this one: Home Assistant, dashboards, exporters, programs
that keep several servers alike. Nothing is decided here. What they read is what is true here, in
their form; what they change goes to the same settings by the same permissions and the same rules of
ownership, and what they don't know of stays as it is. docs/adguard.md says what each address does,
and what has no twin here.

    control      start here: every address with what it needs and who answers
    credentials  who asks: Basic, the cookie of /control/login, tokens
    asked        one request: its body, and having operations done for it
    answers      what goes back: JSON, "OK", or nothing

    general      status, protection, updates, the profile, DHCP and the wizard, which are not here
    signing_in   login and logout
    dns          upstreams, blocking, cache, limits; `upstreams` is their notation of servers
    filtering    lists and own rules; `check_host` asks who would decide
    switches     safe browsing, parental control, safe search
    services     blocked services; `pauses` are the hours in which they are not
    rewrites     local records as rewrites
    clients      those of the settings; `client_form` is what one looks like there
    access       who may ask
    query_log    the log, by the reasons of `reasons`; `log_settings` is how it is kept
    statistics   sums and tops
    tls          certificates and encrypted listeners
"""
