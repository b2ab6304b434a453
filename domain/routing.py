"""Which ledger a document goes to while an entity moves from one to another (COEX-1..COEX-3)."""

import datetime as dt
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from domain.objects import EntityObject
from domain.terms import Input

Ledger = Literal["legacy", "cloud"]


class RoutedEntity(EntityObject, frozen=True, kw_only=True):
    """How far the entity has come: on `cutover_date` cloud leads, from `legacy_freeze_date` legacy takes nothing."""

    ledger_mode: Literal["legacy", "dual_run", "cloud"]
    cutover_date: dt.date | None = None
    legacy_freeze_date: dt.date | None = None

    def legacy_takes(self, day: dt.date) -> bool:
        """Whether legacy is not frozen yet."""
        return self.legacy_freeze_date is None or day < self.legacy_freeze_date


class RoutedDocument(Input, frozen=True, kw_only=True):
    """A document; a credit note, payment or reversal names the ledger of the document it refers to."""

    posting_date: dt.date
    references_ledger: Ledger | None = None
    open_item_migrated: bool | None = None


class RouteQuestion(Input, frozen=True, kw_only=True):
    """Whose document it is."""

    entity: RoutedEntity
    document: RoutedDocument


class LedgerRoute(Struct, frozen=True, kw_only=True):
    """The ledger of record and the one that gets a shadow (null when none), or a code alone."""

    primary: Ledger | UnsetType = UNSET
    shadow: Ledger | UnsetType | None = UNSET
    code: str | None = None


def route_document(question: RouteQuestion) -> LedgerRoute:
    """What refers to a legacy document first (COEX-3), then the mode (COEX-1), then the dual run (COEX-2)."""
    entity, document = question.entity, question.document
    if document.references_ledger == "legacy" and entity.ledger_mode != "legacy":
        return _referring(entity, document)
    if entity.ledger_mode != "dual_run":
        return LedgerRoute(primary=entity.ledger_mode, shadow=None)
    day = document.posting_date
    if entity.cutover_date is None or day < entity.cutover_date:
        return LedgerRoute(primary="legacy", shadow="cloud")
    return LedgerRoute(primary="cloud", shadow="legacy" if entity.legacy_takes(day) else None)


def _referring(entity: RoutedEntity, document: RoutedDocument) -> LedgerRoute:
    if entity.legacy_takes(document.posting_date):
        return LedgerRoute(primary="legacy", shadow=None)
    if document.open_item_migrated:
        return LedgerRoute(primary="cloud", shadow=None)
    return LedgerRoute(code="COEX_ITEM_NOT_MIGRATED")
