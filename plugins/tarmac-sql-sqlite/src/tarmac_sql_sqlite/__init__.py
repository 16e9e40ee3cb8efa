"""The embedded SQL database: one file, written by SQLite. Entry point `sql.sqlite`.

* `plugin` is what core reads at start
* `address` reads `sql_dsn` and decides whether a file may be opened, `connections` opens it
* `dialect` says what is special about SQLite, `store` is the backend: many readers, one writer
"""
