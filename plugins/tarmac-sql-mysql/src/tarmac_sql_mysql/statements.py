"""What a statement may do beyond answering, told from its text: it decides how the call is run.

Nothing here has to recognise bad statements: what is not known to be harmless is treated with care.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_BEFORE = re.compile(r"(?:\s+|--(?=\s|\Z)[^\n]*|#[^\n]*|/\*(?![!M]).*?(?:\*/|\Z)|\()*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
_KEPT_LENGTH = 4000

_READS = frozenset(("SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"))
_KNOWN = _READS | {"INSERT", "REPLACE", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "TRUNCATE", "CALL"}
_TRANSACTIONS = frozenset(("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA"))
# Words of statements that leave something in their session, or look at what others have left there.
_OF_SESSIONS = ("@", "/*!", "/*M!", "TEMPORARY", "_LOCK", "INSERT_ID", "FOUND_ROWS", "ROW_COUNT", "LASTVAL", "PREVIOUS")
_WRITES_FILES = ("OUTFILE", "DUMPFILE")


@dataclass(frozen=True, slots=True)
class Kind:
    """How to run it.

    `reads` is known to change nothing in a read-only session; `ends_transactions` has no place in a call; `is_several` may
    change something more than once, or give rows after it did; `touches_session` needs a clean session and leaves none;
    `is_unknown` may leave a session that cannot even be cleaned; `is_plain` is a transaction of its own, in one turn.
    """

    reads: bool
    ends_transactions: bool
    is_several: bool
    touches_session: bool
    is_unknown: bool
    is_plain: bool


def kind_of(text: str) -> Kind:
    """Look at it."""
    return _kind_of(text) if len(text) > _KEPT_LENGTH else _kept_kind_of(text)


def _kind_of(text: str) -> Kind:
    start = _BEFORE.match(text)
    word = _WORD.match(text, start.end() if start else 0)
    first = word[0].upper() if word else ""
    letters = text.upper()
    is_unknown = first not in _KNOWN
    ends_transactions = first in _TRANSACTIONS
    is_several = is_unknown or first == "CALL" or "RETURNING" in letters
    touches_session = is_unknown or first in ("CALL", "SHOW") or any(one in letters for one in _OF_SESSIONS)
    return Kind(
        reads=first in _READS and not any(one in letters for one in _WRITES_FILES),
        ends_transactions=ends_transactions,
        is_several=is_several,
        touches_session=touches_session,
        is_unknown=is_unknown,
        is_plain=not (ends_transactions or is_several or touches_session),
    )


_kept_kind_of = lru_cache(maxsize=500)(_kind_of)
