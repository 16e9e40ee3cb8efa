"""Full messages from the assertions of the conformance suite."""

import pytest

pytest.register_assert_rewrite("tarmac_kv.conformance")
