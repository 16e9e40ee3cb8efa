"""The key-value store on Apache Cassandra. Entry point `kvstore.cassandra`.

* `plugin` is what core reads at start, `settings` what can be set; `address` reads hosts, `hosts` looks them up
* `reactor` and `connection` let the driver work on the event loop; `policies` say what it repeats; `tls`, `driver_log`
* `session` opens the cluster, `table` finds or makes keyspace and table
* `calls` asks the cluster, `store` is the backend, `scan` lists keys page by page
* `faults` puts failures into words, for the operator and for guests
"""
