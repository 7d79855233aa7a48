"""Is this name refused? Block and allow lists, from lines of text to a match.

line       what one line of a list can be: a Rule, or a Comment, Ignored or Reject
rules      `parse_line`: one line -> one of those; which format it is in is decided per line
hosts      the format `IP name…`
plain      the formats `name` and `*.name`
adblock    the format `||name^`, `@@…`, `…$modifier`
modifiers  what the modifiers of a rule say, and which drop it
rewrite    the values of `$dnsrewrite`: what is answered instead
dnsmasq    the format `address=/name/`, `local=/name/`, `server=/name/`
rpz        the format `name CNAME .`: lines of response policy zones, and their origin
names      the text of a name in a rule -> its wire form
addresses  the text of an address or a network in a rule
quick      the commonest lines of all formats, read with one regular expression
header     what the comments of a list say about the list: its title, what a bare name means
reader     `ListReader`: a list from top to bottom, each line with what those above it said
key        wire name -> the key under which the trie holds it
entry      what a key stands for, in 32 bits: how strong the rule is, and its line
report     what compiling a list found
compile    lines -> a compiled list, and the child process that does it for a file
listfile   the layout of a compiled list on disk
source     reading one line back from the text a list was compiled from
trie       `CompiledList`: one list, ready to be asked
match      `Matcher`: several lists, one answer
explain    who decides what about a name, and why

Nothing here waits, knows the time or opens a file while matching.
"""
