"""What capabilities share to read the payloads of host calls, which come in protobuf or in JSON.

Imported by a capability once it is opened, not by its entry module: `protobuf` loads the protobuf runtime.

* `protobuf` decides which of the two a payload is, and reads messages as guests were built to expect
* `go_json` reads and writes JSON as Go does
"""
