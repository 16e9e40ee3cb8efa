"""What every store must do. A store's test is empty subclasses of these classes and one fixture that opens it:

    from tarmac_kv import conformance

    @pytest.fixture
    def open_store(tmp_path):
        return lambda: open_my_store(MySettings(...), context)

    class TestBytes(conformance.Bytes): ...

`open_store()` gives an asynchronous context manager of one `KVBackend`; called twice, one after the other, it gives the same
store again if that is durable. Every test begins with whatever the store holds and only looks at keys of its own.
Needs pytest and pytest-asyncio. Call `pytest.register_assert_rewrite("tarmac_kv.conformance")` first for full messages.
"""

from tarmac_kv.conformance.content import Bytes, Keys
from tarmac_kv.conformance.features import CompareAndSet, NoCompareAndSet, NoTimeToLive, TimeToLive
from tarmac_kv.conformance.life import Durable, LifeCycle
from tarmac_kv.conformance.scans import Scans
from tarmac_kv.conformance.suite import OpenStore, Suite, answered
from tarmac_kv.conformance.writers import Writers

__all__ = [
    "Bytes",
    "CompareAndSet",
    "Durable",
    "Keys",
    "LifeCycle",
    "NoCompareAndSet",
    "NoTimeToLive",
    "OpenStore",
    "Scans",
    "Suite",
    "TimeToLive",
    "Writers",
    "answered",
]
