"""What may not be lost: `data_dir/state.db`.

Settings made by hand in the page or by programs, revisions of them, accounts, sessions, tokens,
pauses, the audit. Unlike the query log, the file is never set aside by itself: a damaged one, or
one of a newer sinkhole, is left as it is, the last good backup is read in its place, and nothing
is written until somebody decides.

    state            the whole: opened, backed up, replaced; what is read-only and why
    opening          the file as it is found, or what is read in its place (`copying`)
    contents         whether rows can be read: what SQLite's own check does not see
    schema           the tables, by numbered migrations
    file             one change at a time, on the disk before it is in memory
    stored           settings made by hand, per item, and their revisions
    people           accounts, sessions, devices, tokens, as rows
    pauses           the pause in force, as a row; `protection` is what runs it
    rule_rows        rules that are in force for a time, as rows; `temporary_rules` runs them
    audit            who did what and when
    backups          copies of it all: daily, before a migration, before a restore, when asked
    backup_file      what such a copy is; `settings_copies` are the settings files out of one
    replacing        another state in place of this one
    upkeep           what is done by itself: backups, and an audit that ends
"""
