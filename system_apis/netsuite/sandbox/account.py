"""The simulated account's records in its store: ids, external ids, visibility, and what every transaction type shares."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from runtime.http.simulate import Row, SandboxClock, Store
from system_apis.netsuite.sandbox.errors import missing, user_error
from system_apis.netsuite.sandbox.schema import RECORD_TYPES, TRANSACTIONS

ACCOUNT_ID = "7300148_SB1"
_ENTITIES = frozenset(("customer", "job", "employee", "contact"))
_UTC = ZoneInfo("UTC")


def stamp(moment: datetime) -> str:
    """UTC as records carry it: YYYY-MM-DDTHH:MM:SSZ."""
    return moment.astimezone(_UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Account:
    """Reads and writes records. Row ids are decimal strings; entities share one sequence, transactions another."""

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        self.store, self._clock = store, clock

    @property
    def today(self) -> date:
        """The account's business day."""
        return self._clock.now().date()

    @property
    def now(self) -> datetime:
        """The account's clock, UTC."""
        return self._clock.now()

    def rows(self, record_type: str) -> Mapping[str, Row]:
        """Every record of a type, searchable yet or not."""
        return self.store.rows(record_type)

    def searchable(self, record_type: str) -> Iterator[Row]:
        """Records that the search index knows by now."""
        now = stamp(self.now)
        return (row for row in self.rows(record_type).values() if row.get("_indexed", "") <= now)

    def knows(self, row: Row) -> bool:
        """True when the search index has a record by now."""
        return bool(row.get("_indexed", "") <= stamp(self.now))

    def by_external_id(self, record_type: str, external_id: str) -> Row | None:
        """The record with that external id, whether indexed yet or not: uniqueness looks here."""
        link = self.store.get(f"_eid:{record_type}", external_id)
        return None if link is None else self.store.get(record_type, link["id"])

    def locate(self, record_type: str, key: str) -> Row:
        """The record an item path names, by internal id or `eid:`. Raises the vendor's 404."""
        if key.startswith("eid:"):
            row = self.by_external_id(record_type, key[4:])
            row = row if row is not None and self.knows(row) else None
        else:
            row = self.store.get(record_type, key)
        if row is None:
            raise missing()
        return row

    def save(
        self, record_type: str, row: Row, *, indexed_in: timedelta | None = None, at: datetime | None = None
    ) -> Row:
        """Write a record (as of `at`), new when it has no id yet; stamps it and keeps external ids unique in the type."""
        now = stamp(at or self.now)
        kept = {"createdDate": now, **row, "id": row.get("id") or self._next_id(record_type), "lastModifiedDate": now}
        if indexed_in is not None:
            kept["_indexed"] = stamp(self.now + indexed_in)
        self._keep_external_id(record_type, kept)
        with self.store.transaction() as change:
            change.put(record_type, kept["id"], kept)
        return kept

    def remove(self, record_type: str, row: Row) -> None:
        """Delete a record and free its external id."""
        with self.store.transaction() as change:
            change.delete(record_type, row["id"])
            if row.get("externalId"):
                change.delete(f"_eid:{record_type}", row["externalId"])

    def _next_id(self, record_type: str) -> str:
        if record_type in _ENTITIES:
            return str(self.store.next("entity", 301))
        sequence = "transaction" if record_type in TRANSACTIONS else record_type
        return str(self.store.next(sequence, 9001 if sequence == "transaction" else 1))

    def _keep_external_id(self, record_type: str, row: Row) -> None:
        before = self.store.get(record_type, row["id"])
        old, new = (before or {}).get("externalId"), row.get("externalId")
        holder = self.by_external_id(record_type, new) if new else None
        if holder is not None and holder["id"] != row["id"]:
            raise user_error("This entity already exists. An external ID must be unique.", "externalId")
        with self.store.transaction() as change:
            if old and old != new:
                change.delete(f"_eid:{record_type}", old)
            if new:
                change.put(f"_eid:{record_type}", new, {"id": row["id"]})

    def label(self, record_type: str, record_id: str) -> str:
        """What a reference shows as refName; a project shows its customer too."""
        row = self.store.get(record_type, record_id) or {}
        own = str(row.get(RECORD_TYPES[record_type].label) or record_id)
        return f"{self.label('customer', row['parent'])} : {own}" if record_type == "job" and "parent" in row else own

    def referred(self, targets: str, reference: Any) -> tuple[str, Row] | None:
        """The (type, record) a reference names by `id` or `externalId`, or None."""
        given = {"id": reference} if isinstance(reference, str) else reference
        if not isinstance(given, dict):
            return None
        for target in targets.split(","):
            row = None
            if isinstance(given.get("id"), str):
                row = self.store.get(target, given["id"])
            elif isinstance(given.get("externalId"), str):
                row = self.by_external_id(target, given["externalId"])
            if row is not None:
                return target, row
        return None

    def holder(self, targets: str, record_id: str) -> tuple[str, Row] | None:
        """The (type, record) of a stored reference."""
        found = ((target, self.store.get(target, record_id)) for target in targets.split(","))
        return next(((target, row) for target, row in found if row is not None), None)
