"""SQL on PostgreSQL. Entry point `sql.postgres`.

* `plugin` is what core reads at start, `settings` what can be set, `address` reads `sql_dsn`
* `store` opens the backend, `watch` tells the operator when the server is out of reach
* `dialect` says what is special about PostgreSQL: a call is a `turn` on a connection, `exchange` what is said in it
* `parameters` go to the server, at its own `placeholders`; `results` come back; `values` and `go_times` make JSON of them
* `faults` puts failures into words, for the operator and for guests
"""
