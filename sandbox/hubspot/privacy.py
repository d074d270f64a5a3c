"""E-mail addresses that were deleted for privacy; of each only a digest is kept."""

import hashlib

from sandbox.store import Store


def block(store: Store, email: str) -> None:
    """Never let an application create a contact with this address again."""
    store.run("INSERT OR IGNORE INTO blocked VALUES (?)", _digest(email))


def blocked(store: Store, email: str) -> bool:
    """Whether an address was deleted for privacy."""
    return bool(email) and store.one("SELECT 1 FROM blocked WHERE digest=?", _digest(email)) is not None


def _digest(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()
