"""The `httpclient` capability: functions send HTTP requests. Entry point `httpclient`.

In: a guest's request as protobuf or JSON. Out: the server's answer in the same format. Imports only the contract of the core.

* `plugin`, `settings`, `grant` are what core reads at start; `hosts` are the patterns of a grant
* `wire_protobuf` and `wire_json` are the formats, `messages` what is behind both
* `client` makes one call: it follows redirects (`redirects`) and checks each hop (`rules`)
* `urls`, `headers` write a request as Go's client does, `body` reads the answer up to the limit
* `addresses` are the kinds of addresses, `names` looks names up, `connections` lets only permitted addresses be connected
* `faults` are the texts of what went wrong
* `operations` puts it together
"""
