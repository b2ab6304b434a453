"""What a transformed record takes from its source (REST API Browser: `!transform`)."""

from decimal import Decimal

from runtime.http.simulate import Row
from system_apis.netsuite.sandbox.errors import Refused

_KEPT = ("entity", "subsidiary", "currency", "job", "terms", "otherRefNum", "memo")
_PAIRS = frozenset(
    (
        ("salesOrder", "invoice"),
        ("job", "invoice"),
        ("job", "salesOrder"),
        ("invoice", "customerPayment"),
        ("invoice", "creditMemo"),
    )
)


def check_pair(source_type: str, target: str) -> None:
    """Raises the vendor's 400 for a pair that cannot be transformed."""
    if (source_type, target) not in _PAIRS:
        text = f"The transformation of '{source_type}' to '{target}' is not supported."
        raise Refused(400, "INVALID_REQUEST", text)


def defaults(source_type: str, source: Row, target: str) -> Row:
    """The new row before the request's own fields."""
    if source_type == "job":
        return {"entity": source["parent"], "job": source["id"], "subsidiary": source["subsidiary"]}
    if target == "customerPayment":
        return {**_kept(source, ("subsidiary", "currency")), "customer": source["entity"], "apply": [_whole(source)]}
    row = {**_kept(source, _KEPT), "createdFrom": source["id"], "item": source["item"]}
    return {**row, "apply": [_whole(source)]} if target == "creditMemo" else row


def _kept(source: Row, names: tuple[str, ...]) -> Row:
    return {name: source[name] for name in names if name in source}


def _whole(invoice: Row) -> Row:
    return {"line": 1, "doc": invoice["id"], "apply": True, "amount": Decimal(invoice["amountRemaining"])}
