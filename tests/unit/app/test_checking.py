"""What `tarmac check` finds beyond the configuration itself."""

from dataclasses import replace

import pytest
import trustme

from tarmac_core.app import Options, check
from tests.unit.app.conftest import Home


def with_tls(options: Options) -> Options:
    return replace(options, settings={"listen_addr": "127.0.0.1:0"})


@pytest.mark.parametrize("has_right_key", [True, False])
def test_a_key_that_does_not_fit_its_certificate_is_found_before_a_start(home: Home, has_right_key: bool) -> None:
    authority = trustme.CA()
    certificate, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    (home.folder / "cert.pem").write_bytes(certificate.cert_chain_pems[0].bytes())
    key = certificate if has_right_key else other
    (home.folder / "key.pem").write_bytes(key.private_key_pem.bytes())
    files = {"cert_file": "cert.pem", "key_file": "key.pem"}
    found = [str(problem) for problem in check(with_tls(home.options(**files))).problems]
    assert ("key values mismatch" in "".join(found)) is not has_right_key
    assert len(found) == (not has_right_key)
    assert check(with_tls(home.options(run_mode="job", **files))).problems == ()


def test_a_certificate_that_is_missing_is_told_once(home: Home) -> None:
    found = check(with_tls(home.options(cert_file="cert.pem", key_file="key.pem"))).problems
    assert [problem.where for problem in found] == ["cert_file", "key_file"]
