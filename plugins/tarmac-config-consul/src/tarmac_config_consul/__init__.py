"""Settings from one key of Consul. Entry point `config.consul`.

* `plugin` is what core reads at start, `settings` what can be set, `address` reads `consul_addr`
* `environment` adds the variables of Consul's own clients, `tls` makes a context
* `client` asks for the key once, `value` reads what it holds, `cache` keeps it on disk
* `source` is the first read and the watch, `faults` are failures in words
"""
