"""The kvstore capability: what guests say, what they may do, and what a store must offer.

In come the payloads of the host calls `get set delete keys cas`, in protobuf or JSON; out go answers in the same format.
Stores are backends of the type `KVBackend`, each its own distribution, proven by `tarmac_kv.conformance`. Importing this
package loads neither protobuf nor pytest.

* `backend` is what a store implements, `limits` what holds on every store, `long_keys` a help for stores with short keys
* `plugin` and `grants` are what core reads at start
* `operations` serves the host calls; `requests`, `wire_protobuf` and `wire_json` are their formats
* `conformance` is the test suite for backends
"""

from tarmac_kv.backend import Answer, KVBackend, KVError, NotSupportedError, Page
from tarmac_kv.limits import MAX_KEY_BYTES
from tarmac_kv.long_keys import LongKeys

__all__ = ["MAX_KEY_BYTES", "Answer", "KVBackend", "KVError", "LongKeys", "NotSupportedError", "Page"]
