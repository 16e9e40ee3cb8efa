"""The SQL database on a MariaDB or MySQL server. Entry points `sql.mysql` and `sql.mariadb`.

* `plugin` is what core reads at start, `settings` what can be set
* `address` reads `sql_dsn` in all its forms, `options` what stands behind its question mark, `server` joins both with the
  settings, `tls` makes the TLS context
* `link` is a connection: the driver's, without what the driver allows too readily
* `statements` tells what a statement may leave behind, `parameters` puts values into its text, `values` reads results
* `dialect` runs a call, `driven` without a task, `results` reads its answer; `store` is the backend's life
* `faults` puts failures into words, `watch` logs that the server went away and came back
"""
