"""The orders that lists can be asked in: by a member of their items, the smallest first, or with `-` before it the largest first.

Of equal ones the id decides. A date that is null is later than any, an amount that is null counts as none. `updated_at` with
the filter `changed_since` is how to read what changed. `queue` is what can be billed first, of that the earliest period, of that
the largest amount.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

_TOLD = Meta(description="the member of the items to order by; with `-` before it the largest or latest come first")
_Id = Literal["id", "-id"]
_Changed = Literal["updated_at", "-updated_at"]
_Starts = Literal["effective_from", "-effective_from"]
_Due = Literal["due_at", "-due_at"]
_AtRisk = Literal["amount_at_risk", "-amount_at_risk"]

CustomerSort = Annotated[Literal[_Id, "name", "-name", _Changed], _TOLD]
ProjectSort = Annotated[Literal[_Id, "code", "-code", "name", "-name", _Changed], _TOLD]
ContractSort = Annotated[Literal[_Id, "start", "-start", "end", "-end", _Changed], _TOLD]
RateCardSort = Annotated[Literal[_Id, _Starts, _Changed], _TOLD]
PolicySort = Annotated[Literal[_Id, _Starts, _Changed], _TOLD]
MappingSort = Annotated[Literal["cost_center", "-cost_center", _Starts], _TOLD]
ExceptionSort = Annotated[Literal[_Due, _AtRisk, _Changed, _Id], _TOLD]
TransactionSort = Annotated[Literal[_Id, "service_date", "-service_date", _Changed], _TOLD]
BillGroupSort = Annotated[
    Literal["queue", "-queue", "net_amount", "-net_amount", "period_end", "-period_end", _Changed, _Id], _TOLD
]
InvoiceSort = Annotated[
    Literal[_Id, "invoice_date", "-invoice_date", "due_date", "-due_date", "gross", "-gross", _Changed], _TOLD
]
RunSort = Annotated[Literal[_Id, _Changed], _TOLD]
HeldSort = Annotated[Literal["since", "-since", _Due, _AtRisk], _TOLD]
AuditSort = Annotated[Literal["at", "-at"], _TOLD]

ChangedSince = Annotated[datetime, Meta(description="only what changed at that instant or later")]
