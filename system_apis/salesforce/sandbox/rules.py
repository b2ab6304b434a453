"""Sales Cloud's own automation: composed names, what a stage means, totals of line items.

Source: Object Reference (Opportunity: Amount, IsClosed, IsWon, Probability; OpportunityLineItem: UnitPrice, TotalPrice).
"""

from __future__ import annotations

from decimal import Decimal

from system_apis.platforms.salesforce.sandbox import Change, Org
from system_apis.platforms.salesforce.sandbox.errors import invalid
from system_apis.platforms.salesforce.sandbox.values import number

from .objects import STAGES


def only_one(org: Org, change: Change) -> None:
    """Nobody makes or removes the org itself."""
    if change.kind != "update":
        verb = "inserted" if change.kind == "insert" else "deleted"
        message = f"entity type cannot be {verb}: Organization"
        raise invalid("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def compose_name(org: Org, change: Change) -> None:
    """First and last name of a person."""
    parts = (change.new.get("FirstName"), change.new.get("LastName"))
    change.new["Name"] = " ".join(part for part in parts if part)


def apply_stage(org: Org, change: Change) -> None:
    """Closed, won and (unless given) probability follow the stage."""
    meaning = STAGES.get(change.new.get("StageName", ""))
    if meaning is None or not (change.old is None or change.touches(("StageName",))):
        return
    probability, closed, won = meaning
    change.new |= {"IsClosed": closed, "IsWon": won}
    if "Probability" not in change.sent:
        change.new["Probability"] = number(Decimal(probability))


def price_line(org: Org, change: Change) -> None:
    """Of unit price and total one follows from the other."""
    new, quantity = change.new, change.new.get("Quantity")
    product = org.row("Product2", new.get("Product2Id")) or _product_of_entry(org, new.get("PricebookEntryId"))
    if product is not None:
        new |= {"Product2Id": product["Id"], "ProductCode": product.get("ProductCode"), "Name": product["Name"]}
    if not quantity or change.kind == "delete":
        return
    if new.get("UnitPrice") is None and new.get("TotalPrice") is None:
        raise invalid("REQUIRED_FIELD_MISSING", "Required fields are missing: [UnitPrice]", "UnitPrice")
    if "TotalPrice" in change.sent and "UnitPrice" not in change.sent:
        new["UnitPrice"] = number(new["TotalPrice"] / quantity)
    else:
        new["TotalPrice"] = number(quantity * new["UnitPrice"])


def _product_of_entry(org: Org, entry_id: str | None) -> dict[str, str] | None:
    entry = org.row("PricebookEntry", entry_id)
    return org.row("Product2", entry.get("Product2Id")) if entry else None


def total_opportunity(org: Org, change: Change) -> None:
    """The amount of an opportunity with line items is their total."""
    id_ = change.new["OpportunityId"]
    lines = [row for row in org.rows("OpportunityLineItem") if row.get("OpportunityId") == id_]
    values: dict[str, object] = {"HasOpportunityLineItem": bool(lines)}
    if lines:
        values["Amount"] = sum((Decimal(line.get("TotalPrice") or 0) for line in lines), Decimal(0))
    org.system_update("Opportunity", id_, change.user, values)


def name_role(org: Org, change: Change) -> None:
    contact = org.row("Contact", change.new.get("ContactId"))
    change.new["Name"] = f"{contact['Name'] if contact else ''} - {change.new.get('Role') or ''}".strip(" -")


BEFORE = {
    "Organization": only_one,
    "User": compose_name,
    "Contact": compose_name,
    "Opportunity": apply_stage,
    "OpportunityLineItem": price_line,
    "OpportunityContactRole": name_role,
}
AFTER = {"OpportunityLineItem": total_opportunity}
