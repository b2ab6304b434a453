"""Expenses of last month and this one, and the subcontractor's bill."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from .delivery import Expense, TimeEntry, VendorBill
from .months import month_start, next_weekday
from .organisation import Person
from .terms import People

# project, person, category, day of month (negative: of last month), merchant, gross, currency, recoverable tax,
# units, receipt, billable, disbursement, state
_EXPENSES = (
    ("2101", "E1008", "TRAVEL", -6, "Great Plains Air", "412.60", "USD", "0.00", "1", True, True, False, "approved"),
    ("2101", "E1008", "HOTEL", -7, "Hotel Hennepin", "498.00", "USD", "0.00", "2", True, True, False, "approved"),
    ("2103", "E1015", "TRAVEL", -13, "Cascadia Airlines", "538.20", "USD", "0.00", "1", True, True, False, "approved"),
    ("2103", "E1015", "MEALS", -13, "Pier Diner", "46.80", "USD", "0.00", "1", True, True, False, "approved"),
    ("2105", "E1017", "MILEAGE", -9, "Own car", "125.29", "USD", "0.00", "187", True, True, False, "approved"),
    ("2107", "E1007", "SOFTWARE", -15, "Modelworks", "240.00", "USD", "0.00", "1", True, True, False, "approved"),
    ("2108", "E2004", "MILEAGE", -8, "Eigener PKW", "97.24", "EUR", "0.00", "187", True, True, False, "approved"),
    ("2108", "E2004", "HOTEL", -9, "Hotel am Dom", "321.00", "EUR", "21.00", "2", True, True, False, "approved"),
    ("2111", "E2005", "TRAVEL", -14, "Nordbahn", "118.00", "EUR", "7.72", "1", True, True, False, "approved"),
    ("2112", "E2009", "HOTEL", -20, "Pension Isar", "189.00", "EUR", "12.36", "1", True, True, False, "approved"),
    ("2130", "E2012", "TRAVEL", -16, "Nordbahn", "92.50", "EUR", "6.05", "1", True, True, False, "submitted"),
    ("2130", "E2012", "HOTEL", -16, "Hafenhotel", "428.00", "EUR", "28.00", "2", False, True, False, "approved"),
    ("2136", "E3003", "TRAVEL", -11, "Western Rail", "84.30", "GBP", "0.00", "1", True, True, False, "approved"),
    ("2104", "E1009", "MEALS", 1, "Capitol Grill", "58.40", "USD", "0.00", "1", True, False, False, "saved"),
    ("2109", "E2010", "TRAVEL", 1, "Nordbahn", "64.00", "EUR", "4.19", "1", True, True, False, "submitted"),
)  # fmt: skip
_EXTRA_HOURS = Decimal("12.0000")


def _day(day: int, as_of: date) -> date:
    if day > 0:
        return month_start(as_of) + timedelta(days=day - 1)
    return month_start(as_of, -1) + timedelta(days=-day - 1)


def _approval(on: date, as_of: date) -> datetime:
    morning = datetime.combine(as_of, time(5, 10), UTC)
    return min(datetime.combine(next_weekday(on + timedelta(days=5)), time(12), UTC), morning)


def expenses(as_of: date) -> tuple[Expense, ...]:
    """Claimed items; two of one project wait for approval or lack the receipt."""
    rows = []
    for index, row in enumerate(_EXPENSES, start=1):
        plan, person, category, day, merchant, gross, currency, tax, units, receipt, billable, disbursed, state = row
        on = _day(day, as_of)
        rows.append(
            Expense(
                code=f"EXP-{index:04d}",
                report=f"EXR-{person}-{on:%Y%m}",
                project=f"PRJ-{plan}",
                person=person,
                category=category,
                on=on,
                merchant=merchant,
                amount=Decimal(gross),
                currency=currency,
                tax_recoverable=Decimal(tax),
                units=Decimal(units),
                receipt_attached=receipt,
                billable=billable,
                disbursement=disbursed,
                notes=f"{category.capitalize()} for PRJ-{plan}",
                state=state,
                approved_at=_approval(on, as_of) if state == "approved" else None,
            )
        )
    return tuple(rows)


def _bill(person: Person, project: str, hours: Decimal, as_of: date) -> VendorBill:
    rate = person.cost_rates[-1]
    billed = hours + _EXTRA_HOURS
    return VendorBill(
        code=f"VB-{person.number}-{month_start(as_of, -1):%Y%m}",
        vendor=person.vendor or "",
        vendor_po=person.vendor_po or "",
        person=person.number,
        project=project,
        entity=person.entity,
        billed_on=month_start(as_of),
        hours=billed,
        amount=(billed * rate.rate).quantize(Decimal("0.01")),
        currency=rate.currency,
        matched=False,
    )


def vendor_bills(entries: tuple[TimeEntry, ...], people: People, as_of: date) -> tuple[VendorBill, ...]:
    """Last month's bill of every contractor: twelve hours more than were approved."""
    totals: dict[tuple[str, str], Decimal] = {}
    for entry in entries:
        if people[entry.person].vendor and entry.on < month_start(as_of):
            key = (entry.person, entry.project)
            totals[key] = totals.get(key, Decimal(0)) + entry.hours
    return tuple(_bill(people[number], project, hours, as_of) for (number, project), hours in totals.items())
