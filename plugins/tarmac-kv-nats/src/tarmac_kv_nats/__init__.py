"""The key-value store on NATS, a bucket of JetStream. Entry point `kvstore.nats`.

* `plugin` is what core reads at start, `settings` what can be set, `address` reads URLs
* `tls` and `login` make of settings what the driver wants, `client` is the driver's connection with its gaps filled
* `calls` are requests on their way, `outage` is the log's view of a server that is away, `link` keeps a connection
* `bucket` finds or makes the bucket, `keys` writes any key in NATS's alphabet
* `store` is the backend, `consumer` and `scan` list keys page by page
* `faults` puts failures into words, for the operator and for guests
"""
