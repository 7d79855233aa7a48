"""A compiled list: the file, how it is written, and how its parts are asked.

compile   lines -> a compiled list, and the child process that does it for a file
collect   the rules of a list, put together: trie, entries, details, patterns
report    what compiling a list found
listfile  the layout of the file on disk: written, checked, mapped

The parts of the file, a module for each:

key       a wire name or an address -> the key under which the trie holds it
entry     what a key stands for, in 32 bits: how strong the rule is, and its line
details   rules that are more than a name and a line, as JSON
grams     the patterns, looked up by short texts they can't do without
bloom     which of many lists may have a rule for a name
source    one line read back from the text that the list was compiled from
"""
