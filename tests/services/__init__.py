"""Real servers for tests, each a process on a free port of 127.0.0.1, gone with its test.

* `process` starts, pauses, kills and stops any program, and finds free ports
* `cassandra` is Cassandra
* `nats` is NATS, an old server and a new one, which `install_nats` builds
* `redis` is Redis: servers, and sentinels that watch them
* `consul` is a Consul agent
* `postgres` is PostgreSQL, `pgbouncer` a pooler before it
* `mariadb` is MariaDB, and MySQL
"""
