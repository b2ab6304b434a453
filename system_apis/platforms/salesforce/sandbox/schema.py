"""What an org is made of: objects, fields, rules, and the contributions that bring them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from runtime.http.simulate import Request, Response, Row

from .errors import OrgError, not_found

if TYPE_CHECKING:
    from system_apis.platforms.firm import Firm

    from .org import Org

NUMERIC = ("double", "currency", "percent", "int")


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One column. `type` = id string textarea email phone url picklist boolean double currency percent int date datetime
    reference; `refers_to` the object of a reference, `relationship` its path name, `children` its name seen from the parent.

    `writable` False = set by the system only; `picklist` restricts when not empty; `default` fills a missing value on create.
    """

    name: str
    type: str = "string"
    label: str = ""
    length: int = 255
    scale: int = 2
    required: bool = False
    unique: bool = False
    external_id: bool = False
    writable: bool = True
    refers_to: str = ""
    relationship: str = ""
    children: str = ""
    picklist: tuple[str, ...] = ()
    default: Any = None


class SObject(msgspec.Struct, frozen=True, kw_only=True):
    """One object; `prefix` is its three-character id prefix, `auto_name` a format such as `PR-{0:06d}` for a generated Name."""

    name: str
    prefix: str
    fields: tuple[Field, ...]
    label: str = ""
    auto_name: str = ""
    owned: bool = True


class Change(msgspec.Struct, kw_only=True):
    """A write as rules see it; `kind` = insert, update, delete. `old` is None on create, `new` may be altered before saving.

    `sent` = columns the caller gave. `request` is None when the package's or the org's own automation writes, which
    locks do not stop.
    """

    kind: str
    sobject: str
    id: str
    old: Row | None
    new: Row
    sent: frozenset[str]
    user: str
    request: Request | None

    @property
    def system(self) -> bool:
        """True when no caller stands behind the write."""
        return self.request is None

    def becomes(self, field: str, value: object) -> bool:
        """True when this write changes the field to this value."""
        return self.new.get(field) == value and (self.old is None or self.old.get(field) != value)

    def touches(self, fields: Iterable[str]) -> bool:
        """True when this write changes any of these fields of a saved record."""
        return self.old is not None and any(self.new.get(name) != self.old.get(name) for name in fields)


class ApexRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A REST resource under /services/apexrest; `serve(org, user, request)` answers, `holds` = slow when `slow_job` is armed."""

    method: str
    path: str
    serve: Callable[[Org, str, Request], Response]


Rule = Callable[["Org", Change], None]


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """One product's share of the org: objects, columns added to others' objects, rules by object name, resources, seed.

    `before` rules may alter or refuse a write, `after` rules see it saved; `seed(org, firm)` runs in the order contributed.
    """

    objects: tuple[SObject, ...]
    seed: Callable[[Org, Firm], None]
    columns: Mapping[str, tuple[Field, ...]] = {}
    before: Mapping[str, Rule] = {}
    after: Mapping[str, Rule] = {}
    resources: tuple[ApexRoute, ...] = ()


def reference(name: str, to: str, *, children: str = "", relationship: str = "", **options: Any) -> Field:
    """A lookup; the path name follows the vendor's rule (`XId` -> `X`, `x__c` -> `x__r`) unless given."""
    path = relationship or (name.removesuffix("Id") if name.endswith("Id") else name.removesuffix("__c") + "__r")
    return Field(name=name, type="reference", refers_to=to, relationship=path, children=children, length=18, **options)


def many(type_: str, *names: str, **options: Any) -> tuple[Field, ...]:
    """Several columns of one type."""
    return tuple(Field(name=name, type=type_, **options) for name in names)


_SYSTEM = (
    Field(name="Id", type="id", writable=False, length=18),
    Field(name="IsDeleted", type="boolean", writable=False),
    Field(name="CreatedDate", type="datetime", writable=False),
    reference("CreatedById", "User", writable=False),
    Field(name="LastModifiedDate", type="datetime", writable=False),
    reference("LastModifiedById", "User", writable=False),
    Field(name="SystemModstamp", type="datetime", writable=False),
    *many("datetime", "LastViewedDate", "LastReferencedDate", writable=False),
    Field(name="CurrencyIsoCode", type="picklist", length=3, default="USD"),
)
_OWNER = (reference("OwnerId", "User"),)


class Table:
    """An object with all its columns, found by name in any case."""

    def __init__(self, sobject: SObject, added: Iterable[Field]) -> None:
        self.sobject, self.name, self.prefix = sobject, sobject.name, sobject.prefix
        name = Field(name="Name", length=80, required=not sobject.auto_name, writable=not sobject.auto_name)
        declared = (*sobject.fields, *added)
        named = () if any(field.name == "Name" for field in declared) else (name,)
        owner = _OWNER if sobject.owned else ()
        self.fields = {field.name: field for field in (*_SYSTEM, *named, *owner, *declared)}
        self._names = {name.lower(): field for name, field in self.fields.items()}
        self._paths = {field.relationship.lower(): field for field in self.fields.values() if field.relationship}

    def field(self, name: str) -> Field | None:
        return self._names.get(name.lower())

    def parent(self, path: str) -> Field | None:
        """The lookup behind a relationship name such as `Account` or `pse__Project__r`."""
        return self._paths.get(path.lower())

    def external_id(self, name: str) -> Field:
        """The external id column (or Id) of this name. Raises NOT_FOUND as the vendor does."""
        field = self.field(name)
        if field is None or not (field.external_id or field.name == "Id"):
            raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
        return field


class Schema:
    """All objects of the org and their relationships."""

    def __init__(self, contributions: Iterable[Contribution]) -> None:
        given = tuple(contributions)
        self._tables = {
            sobject.name.lower(): Table(sobject, [f for c in given for f in c.columns.get(sobject.name, ())])
            for contribution in given
            for sobject in contribution.objects
        }

    def tables(self) -> tuple[Table, ...]:
        return tuple(self._tables.values())

    def find(self, name: str) -> Table | None:
        return self._tables.get(name.lower())

    def table(self, name: str) -> Table:
        """The object of this name. Raises NOT_FOUND."""
        table = self.find(name)
        if table is None:
            raise not_found()
        return table

    def by_id(self, record_id: str) -> Table | None:
        """The object a record id belongs to."""
        return next((table for table in self._tables.values() if table.prefix == record_id[:3]), None)

    def children(self, parent: Table, path: str) -> tuple[Table, Field] | None:
        """The child object and its lookup behind a child relationship name."""
        for table in self._tables.values():
            for field in table.fields.values():
                if field.refers_to == parent.name and field.children and field.children.lower() == path.lower():
                    return table, field
        return None


def no_column(name: str, table: Table) -> OrgError:
    message = f"No such column '{name}' on sobject of type {table.name}"
    return OrgError(400, "INVALID_FIELD", message)
