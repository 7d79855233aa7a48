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
key        wire name or address -> the key under which the trie holds it
entry      what a key stands for, in 32 bits: how strong the rule is, and its line
details    rules that are more than a name and a line, as JSON
pattern    masks such as `||ads*.example^`, and what they look at
expression regular expressions -> a tree; what can't be matched in linear time is refused
automaton  the engine that matches them, in time linear in the text
regex      the regular expression of a rule
grams      the patterns of lists, looked up by short texts they can't do without
digest     which of many lists may have a rule for a name
report     what compiling a list found
collect    the rules of a list, put together: trie, entries, details, patterns
compile    lines -> a compiled list, and the child process that does it for a file
listfile   the layout of a compiled list on disk
source     reading one line back from the text a list was compiled from
trie       `CompiledList`: one list, ready to be asked
clientele  what rules can ask about a client, and which of it holds for one
conditions whether a rule counts for a question
judgement  all rules that match, and who of them wins
match      `Matcher`: several lists, one answer
explain    who decides what about a name, and why
changed    the rules as they would be with some added or taken out
ways       rules that would change what the lists say about a name
unique     how many names of each list no other has

Nothing here waits, knows the time or opens a file while matching.
"""
