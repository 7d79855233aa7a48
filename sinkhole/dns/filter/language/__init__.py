"""The rule language: a line of a list -> a rule, or why it is none.

line       what one line can be: a Rule, or a Comment, Ignored or Reject
rules      `parse_line`: one line -> one of those; which format it is in is decided per line
hosts      the format `IP name…`
plain      the formats `name` and `*.name`
adblock    the format `||name^`, `@@…`, `…$modifier`
bare       the format `(^|\\.)name$`: a regular expression without slashes
modifiers  what the modifiers of a rule say, and which drop it
rewrite    the values of `$dnsrewrite`: what is answered instead
dnsmasq    the format `address=/name/`, `local=/name/`, `server=/name/`
rpz        the format `name CNAME .`: lines of response policy zones, and their origin
names      the text of a name in a rule -> its wire form
addresses  the text of an address or a network in a rule
quick      the commonest lines of all formats, read with one regular expression
reader     `ListReader`: a list from top to bottom, each line with what those above it said
"""
