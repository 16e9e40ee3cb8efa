"""Real servers for tests, each a process on a free port of 127.0.0.1, gone with its test.

* `process` starts, pauses, kills and stops any program, and finds free ports
* `redis` is Redis: servers, and sentinels that watch them
* `postgres` is PostgreSQL, `pgbouncer` a pooler before it
"""
