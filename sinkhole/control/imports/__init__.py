"""Settings of other programs as changes of ours, with a word about all that is not the same.

Pure, but for reading databases: the text of a file goes in, a `Plan` comes out. Nothing is changed
here; `operations/imports` tries a plan, and has it done.

plan         what an import comes to (start here)
branch       the tree of a source, which knows what nobody asked it for
names        names that our settings take
servers      upstreams and routes, as the others write them
rules        rules, exact names and regular expressions of the others
unpacked     a file or an archive, bounded, as the texts and databases that are in it
fitting      what of a plan fits beside the settings that are there
as_file      a plan as a settings file of its own

adguardhome/ pihole/ blocky/   a reader each; `adguardhome/export` is the way back
"""
