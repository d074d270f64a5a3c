"""Who the portal's owners are: the demo company's, and what became of them since."""

import json
from dataclasses import asdict, dataclass

from sandbox import clock
from sandbox.company.reference import OWNERS, Owner
from sandbox.hubspot.definitions import BORN
from sandbox.store import Store


@dataclass(frozen=True)
class Member:
    """An owner, and when they last changed (epoch milliseconds)."""

    owner: Owner
    updated: int


class Staff:
    """The owners of one portal."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._members: dict[str, Member] = {}
        self.live_ids: frozenset[str] = frozenset()
        """Owners to whom a record may be given."""
        self.reload()

    def reload(self) -> None:
        """Read what changed again."""
        born = clock.parse(BORN)
        self._members = {owner.id: Member(owner, born) for owner in OWNERS}
        for body, updated in self._store.rows("SELECT body, updated FROM owners"):
            owner = Owner(**json.loads(body))
            self._members[owner.id] = Member(owner, updated)
        self.live_ids = frozenset(m.owner.id for m in self._members.values() if not m.owner.archived)

    def members(self) -> list[Member]:
        """All of them, by id, archived ones included."""
        return [self._members[i] for i in sorted(self._members)]

    def get(self, owner_id: str) -> Owner | None:
        """One owner, also an archived one."""
        found = self._members.get(owner_id)
        return found.owner if found else None

    def save(self, owner: Owner) -> None:
        """Add or replace an owner."""
        body = json.dumps(asdict(owner), ensure_ascii=False)
        self._store.run("INSERT OR REPLACE INTO owners VALUES (?, ?, ?)", owner.id, clock.now(), body)
        self.reload()
