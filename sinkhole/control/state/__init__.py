"""What may not be lost: `data_dir/state.db`.

Settings made by hand in the page or by programs, revisions of them, accounts, sessions, tokens,
pauses, the audit. Unlike the query log, the file is never set aside by itself: a damaged one, or
one of a newer sinkhole, is left as it is, the last good snapshot is read in its place, and nothing
is written until somebody decides.

    state       the file: opened, migrated, snapshots; what is read-only and why
    schema      the tables, by numbered migrations
    snapshots   copies of the file: daily, before a migration, the last seven
    stored      settings made by hand, per item, and their revisions
    people      accounts, sessions, tokens, as rows
    pauses      the pause in force, as a row; `protection` is what runs it
    rule_rows   rules that are in force for a time, as rows; `temporary_rules` is what runs them
    audit       who did what and when
"""
