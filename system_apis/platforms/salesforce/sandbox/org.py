"""The org's records: create, update, delete and upsert with the checks, stamps and rules every product shares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from runtime.http.simulate import Faults, Request, Row, SandboxClock, Store

from .errors import OrgError, invalid, not_found
from .ids import normal_id, record_id
from .schema import Change, Contribution, Field, Schema, Table, no_column
from .values import stamp, stored

_LOCK_CODE = "UNABLE_TO_LOCK_ROW"


class Org:
    """One org: the schema and rules contributed, over one store. All methods are synchronous and raise OrgError.

    `write` of a caller runs every check and rule; `load` is the seed's, `system_insert` and `system_update` the rules' own way.
    """

    def __init__(
        self, contributions: tuple[Contribution, ...], store: Store, faults: Faults, clock: SandboxClock
    ) -> None:
        self.schema = Schema(contributions)
        self.store, self.faults, self.clock = store, faults, clock
        self._contributions = contributions

    @property
    def user(self) -> str:
        """The integration user, in whose name the org's automation and the seed write."""
        row = self.store.get("_org", "integration")
        return str(row["user"]) if row else ""

    @property
    def today(self) -> date:
        """The org's calendar day (its time zone is UTC)."""
        return self.clock.now().astimezone(UTC).date()

    def table(self, name: str) -> Table:
        return self.schema.table(name)

    def row(self, table: Table | str, id_: str | None) -> Row | None:
        """The live record, or None when it never existed or is deleted."""
        name = table if isinstance(table, str) else table.name
        row = self.store.get(name, id_) if id_ else None
        return None if row is None or row.get("IsDeleted") else row

    def rows(self, name: str) -> list[Row]:
        """All live records of an object, oldest first."""
        return [row for row in self.store.rows(name).values() if not row.get("IsDeleted")]

    def first(self, name: str, **values: object) -> Row | None:
        """The oldest live record with these values."""
        return next((row for row in self.rows(name) if all(row.get(k) == v for k, v in values.items())), None)

    def existing(self, table: Table, text: str) -> Row:
        """The record of an id in a path. Raises NOT_FOUND or ENTITY_IS_DELETED."""
        id_ = normal_id(text)
        row = self.store.get(table.name, id_) if id_ else None
        if row is None:
            raise not_found("Provided external ID field does not exist or is not accessible: " + text)
        if row.get("IsDeleted"):
            raise OrgError(404, "ENTITY_IS_DELETED", "entity is deleted", ())
        return row

    def matching(self, table: Table, field: Field, value: str) -> list[Row]:
        """Live records whose external id equals the value in any case."""
        if field.name == "Id":
            row = self.row(table, normal_id(value))
            return [] if row is None else [row]
        wanted = value.lower()
        return [row for row in self.rows(table.name) if str(row.get(field.name, "")).lower() == wanted]

    def insert(self, table: Table, body: Mapping[str, Any], user: str, request: Request) -> str:
        """Create as a caller; answers the new id."""
        if self.faults.take("duplicate", request):
            message = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
            raise invalid("DUPLICATE_VALUE", message)
        self._locked(request, "")
        with self.store.transaction():
            id_ = self._new_id(table)
            sent = self._sent(table, body)
            change = self._change("insert", table, id_, {}, sent, user, request)
            self._blank(table, change)
            self._run(change)
            return id_

    def update(self, table: Table, row: Row, body: Mapping[str, Any], user: str, request: Request) -> None:
        """Change as a caller."""
        self._locked(request, row["Id"])
        with self.store.transaction():
            change = self._change("update", table, row["Id"], row, self._sent(table, body), user, request)
            self._run(change)

    def delete(self, table: Table, row: Row, user: str, request: Request) -> None:
        """Put into the recycle bin, after the rules agreed."""
        self._locked(request, row["Id"])
        with self.store.transaction():
            change = self._change("delete", table, row["Id"], row, {"IsDeleted": True}, user, request)
            self._run(change)

    def system_insert(self, name: str, user: str, values: Mapping[str, Any]) -> str:
        """Create as the org's own automation: read-only fields too, no locks; rules run."""
        table = self.table(name)
        id_ = self._new_id(table)
        change = self._change("insert", table, id_, {}, _readable(table, values), user)
        self._blank(table, change)
        self._run(change)
        return id_

    def system_update(self, name: str, id_: str, user: str, values: Mapping[str, Any]) -> None:
        """Change as the org's own automation; nothing happens when every value is already there."""
        table = self.table(name)
        row = self.store.get(name, id_) or {}
        new = _readable(table, values)
        if any(row.get(key) != value for key, value in new.items()):
            self._run(self._change("update", table, id_, row, new, user))

    def load(self, name: str, values: Mapping[str, Any], at: datetime, user: str = "") -> str:
        """Seed one record as it was saved at `at`: defaults, but no rules and no stamps of now. Answers its id."""
        table = self.table(name)
        id_ = self._new_id(table)
        change = self._change("insert", table, id_, {}, _readable(table, values), user or self.user)
        self._blank(table, change)
        self._save(change, stamp(at))
        return id_

    def _change(
        self,
        kind: str,
        table: Table,
        id_: str,
        old: Row,
        sent: Mapping[str, Any],
        user: str,
        request: Request | None = None,
    ) -> Change:
        new, names = {**old, **sent}, frozenset(sent)
        return Change(
            kind=kind, sobject=table.name, id=id_, old=old or None, new=new, sent=names, user=user, request=request
        )

    def _run(self, change: Change) -> None:
        table = self.table(change.sobject)
        for contribution in self._contributions:
            if rule := contribution.before.get(change.sobject):
                rule(self, change)
        if change.kind != "delete":
            self._check(table, change)
        self._save(change, stamp(self.clock.now()))
        for contribution in self._contributions:
            if rule := contribution.after.get(change.sobject):
                rule(self, change)

    def _save(self, change: Change, at: str) -> None:
        user = change.user or self.user
        row = {key: value for key, value in change.new.items() if value is not None}
        if change.old is None:
            row |= {"Id": change.id, "IsDeleted": False, "CreatedDate": at, "CreatedById": user}
        row |= {"LastModifiedDate": at, "LastModifiedById": user, "SystemModstamp": at}
        change.new = row
        with self.store.transaction() as written:
            written.put(change.sobject, change.id, row)

    def _blank(self, table: Table, change: Change) -> None:
        """Defaults, the owner and the generated name of a new record."""
        for field in table.fields.values():
            if field.default is not None and field.name not in change.sent:
                change.new[field.name] = field.default
        if table.sobject.owned:
            change.new.setdefault("OwnerId", change.user or self.user)
        if table.sobject.auto_name:
            number = self.store.next(f"name:{table.name}")
            change.new["Name"] = table.sobject.auto_name.format(number, at=self.clock.now())

    def _sent(self, table: Table, body: Mapping[str, Any]) -> dict[str, Any]:
        """The caller's values under the columns' own names."""
        sent: dict[str, Any] = {}
        for name, value in body.items():
            if name != "attributes":
                field, given = self._target(table, name, value)
                sent[field.name] = stored(field, given)
        return sent

    def _target(self, table: Table, name: str, value: Any) -> tuple[Field, Any]:
        lookup = table.parent(name) if isinstance(value, dict) else None
        field = lookup or table.field(name)
        if field is None:
            raise no_column(name, table)
        if field.name == "Id":
            raise OrgError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", ("Id",))
        if not field.writable:
            message = f"Unable to create/update fields: {field.name}. Please check the security settings of this field"
            message += " and verify that it is read/write for your profile or permission set."
            raise invalid("INVALID_FIELD_FOR_INSERT_UPDATE", message, field.name)
        return field, self._foreign(field, value) if lookup else value

    def _foreign(self, field: Field, value: Mapping[str, Any]) -> str:
        """A parent named by its external id: {"Account": {"AccountNumber": "C-1"}}."""
        table = self.table(field.refers_to)
        keys = [(key, given) for key, given in value.items() if key != "attributes"]
        if len(keys) == 1:
            found = self.matching(table, table.external_id(keys[0][0]), str(keys[0][1]))
            if len(found) == 1:
                return str(found[0]["Id"])
        shown = ", ".join(f"{key}: {given}" for key, given in keys)
        message = f"Foreign key external ID: {shown} not found for field {field.name} in entity {table.name}"
        raise invalid("INVALID_FIELD", message)

    def _check(self, table: Table, change: Change) -> None:
        required = [f.name for f in table.fields.values() if f.required and change.new.get(f.name) is None]
        if required:
            message = f"Required fields are missing: [{', '.join(required)}]"
            raise invalid("REQUIRED_FIELD_MISSING", message, *required)
        for field in table.fields.values():
            value = change.new.get(field.name)
            if value is not None and (change.old is None or change.old.get(field.name) != value):
                self._unique(table, field, change)
                self._refers(field, value)

    def _unique(self, table: Table, field: Field, change: Change) -> None:
        if not field.unique:
            return
        for other in self.matching(table, field, str(change.new[field.name])):
            if other["Id"] != change.id:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {other['Id'][:15]}"
                raise invalid("DUPLICATE_VALUE", message)

    def _refers(self, field: Field, value: str) -> None:
        if field.refers_to and self.row(field.refers_to, value) is None:
            message = f"invalid cross reference id: {field.name}"
            raise invalid("INVALID_CROSS_REFERENCE_KEY", message, field.name)

    def _new_id(self, table: Table) -> str:
        return record_id(table.prefix, self.store.next(f"id:{table.name}"))

    def _locked(self, request: Request, id_: str) -> None:
        if self.faults.take("lock", request):
            message = f"unable to obtain exclusive access to this record or 1 records: {id_[:15]}".rstrip(" :")
            raise invalid(_LOCK_CODE, message)


def _readable(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of our own code: same storage rules, any column of the object."""
    return {name: stored(table.fields[name], value) for name, value in values.items()}
