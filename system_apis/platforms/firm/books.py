"""The ledger's side of the firm: entities, cost centers and their map, periods, tax codes, exchange rates, policies."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from .commerce import ExpenseRule, Policy
from .months import each_day, month_end, month_start, next_weekday
from .organisation import CostCenter, CostCenterMap, Entity, FiscalPeriod, FxQuote, TaxCode

_ENTITIES = (
    ("US01", "Fairmont Partners Inc.", "US", "USD", "47-5512098", "350 Fifth Avenue", "New York", "10118", "NY", "US"),
    ("DE01", "Fairmont Partners GmbH", "DE", "EUR", "DE299887766", "Torstraße 49", "Berlin", "10119", "BE", "DE"),
    ("UK01", "Fairmont Partners Ltd", "GB", "GBP", "GB998877665", "30 Finsbury Square", "London", "EC2A 1AG", "", "UK"),
)
_COST_CENTERS = (
    ("CC-100", "Corporate US", "US01"),
    ("CC-110", "Delivery US", "US01"),
    ("CC-120", "Data and Analytics US", "US01"),
    ("CC-190", "Innovation Lab", "US01"),
    ("CC-300", "Corporate DE", "DE01"),
    ("CC-310", "Delivery DE", "DE01"),
    ("CC-320", "Data and Analytics DE", "DE01"),
    ("CC-500", "Corporate UK", "UK01"),
    ("CC-510", "Delivery UK", "UK01"),
)
_UNMAPPED = "CC-190"
_ACCOUNTS = (("time", "5000"), ("expense", "5200"), ("vendor", "5300"), ("milestone", "4100"), ("adjustment", "4900"))
_TAX_CODES = (
    ("US-SVC", "US", "0.00", "standard", "US01"),
    ("US-EXPORT", "US", "0.00", "out_of_scope", "US01"),
    ("DE-S19", "DE", "19.00", "standard", "DE01"),
    ("DE-RC", "DE", "0.00", "reverse_charge", "DE01"),
    ("DE-EXPORT", "DE", "0.00", "out_of_scope", "DE01"),
    ("GB-S20", "GB", "20.00", "standard", "UK01"),
    ("GB-EXPORT", "GB", "0.00", "out_of_scope", "UK01"),
)
_CLOSED_EARLY = "UK01"
_MONTHS_BACK, _MONTHS_AHEAD, _FX_DAYS = 12, 3, 70
_USD_PER = {"EUR": Decimal("1.0850"), "GBP": Decimal("1.2700"), "USD": Decimal(1)}
_SIX_PLACES = Decimal("0.000001")


def entities() -> tuple[Entity, ...]:
    """Three legal entities in three currencies."""
    return tuple(
        Entity(
            code=code,
            name=name,
            country=country,
            currency=currency,
            registrations=(country,),
            tax_id=tax_id,
            street=street,
            city=city,
            postal_code=postal_code,
            region=region,
            hours_per_day=Decimal("7.5000") if code == "UK01" else Decimal("8.0000"),
            receipt_threshold=Decimal("25.00"),
            calendar=f"CAL-{calendar}",
        )
        for code, name, country, currency, tax_id, street, city, postal_code, region, calendar in _ENTITIES
    )


def cost_centers() -> tuple[CostCenter, ...]:
    """Departments by entity."""
    return tuple(CostCenter(code=code, name=name, entity=entity) for code, name, entity in _COST_CENTERS)


def cost_center_maps() -> tuple[CostCenterMap, ...]:
    """One row per center, entity and kind; the innovation lab has none, which is a case."""
    return tuple(
        CostCenterMap(
            cost_center=code, project_entity=entity[0], kind=kind, gl_account=account, target_cost_center=code
        )
        for code, _, _ in _COST_CENTERS
        if code != _UNMAPPED
        for entity in _ENTITIES
        for kind, account in _ACCOUNTS
    )


def _period_state(entity: str, offset: int) -> str:
    if offset > 0:
        return "future"
    open_from = 0 if entity == _CLOSED_EARLY else -1
    return "open" if offset >= open_from else "closed"


def _evening(day: date, after_days: int) -> datetime:
    return datetime.combine(next_weekday(day + timedelta(days=after_days)), time(17), UTC)


def periods(as_of: date) -> tuple[FiscalPeriod, ...]:
    """A year back and a quarter ahead without gaps (PER-1); one entity closed last month early."""
    rows = []
    for entity, *_ in _ENTITIES:
        for offset in range(-_MONTHS_BACK, _MONTHS_AHEAD + 1):
            last = month_end(as_of, offset)
            rows.append(
                FiscalPeriod(
                    entity=entity,
                    name=f"{last:%b %Y}",
                    starts_on=month_start(as_of, offset),
                    ends_on=last,
                    state=_period_state(entity, offset),
                    ar_cutoff_at=_evening(last, 5),
                    close_target_at=_evening(last, 8),
                )
            )
    return tuple(rows)


def tax_codes() -> tuple[TaxCode, ...]:
    """Rates per country; the ledger calls each by the same code."""
    return tuple(
        TaxCode(
            code=code,
            country=country,
            rate_pct=Decimal(rate),
            treatment=treatment,
            valid_from=date(2020, 1, 1),
            valid_to=None,
            erp_code=code,
            entity=entity,
        )
        for code, country, rate, treatment, entity in _TAX_CODES
    )


def fx_quotes(as_of: date, dice: Random) -> tuple[FxQuote, ...]:
    """Every ordered pair of the three currencies, every day of the last seventy; no franc, which is a case."""
    level = dict(_USD_PER)
    rows = []
    for day in each_day(as_of - timedelta(days=_FX_DAYS), as_of):
        for currency in ("EUR", "GBP"):
            level[currency] += Decimal(dice.randrange(-20, 21)) / 10000
        for base, in_usd in level.items():
            for quote, other in level.items():
                if base != quote:
                    rate = (in_usd / other).quantize(_SIX_PLACES)
                    rows.append(FxQuote(base=base, quote=quote, on=day, rate=rate, source="TREASURY"))
    return tuple(rows)


def expense_rules(as_of: date) -> tuple[ExpenseRule, ...]:
    """The standard recharge policy and one client's own."""
    standard = (
        ("TRAVEL", "at_cost", None, None, None),
        ("HOTEL", "at_cost", None, None, "260.00"),
        ("MEALS", "non_billable", None, None, None),
        ("MILEAGE", "fixed_unit", None, "0.67", None),
        ("SOFTWARE", "markup_pct", "5.00", None, None),
    )
    rows = [("standard", None, *rule) for rule in standard]
    rows.append(("client", "RHEINWERK", "MILEAGE", "fixed_unit", None, "0.52", None))
    return tuple(
        ExpenseRule(
            scope=scope,
            scope_code=scope_code,
            category=category,
            method=method,
            markup_pct=Decimal(markup) if markup else None,
            unit_rate=Decimal(unit_rate) if unit_rate else None,
            limit_per_unit=Decimal(limit) if limit else None,
            starts_on=month_start(as_of, -18),
        )
        for scope, scope_code, category, method, markup, unit_rate, limit in rows
    )


def policies(as_of: date) -> tuple[Policy, ...]:
    """The global numbers of the firm, and a stricter approval limit of one entity."""
    rows = (
        ("POL-APPROVAL", "approval", "global", None, (("billing_manager_limit", "50000.00"),)),
        ("POL-APPROVAL-UK", "approval", "legal_entity", "UK01", (("billing_manager_limit", "25000.00"),)),
        ("POL-RECEIPT", "receipt", "global", None, (("threshold", "25.00"),)),
        ("POL-RETRO", "retro", "global", None, (("retro_days", "14"), ("limit_days", "60"))),
        ("POL-RERATE", "rerate", "global", None, (("window_days", "90"), ("tolerance", "1.00"))),
        ("POL-WRITEDOWN", "write_down", "global", None, (("controller_above", "5000.00"), ("controller_pct", "5.00"))),
        ("POL-MARGIN", "alert", "global", None, (("margin_threshold_pct", "20.00"),)),
    )
    return tuple(
        Policy(
            code=code,
            kind=kind,
            scope=scope,
            scope_code=scope_code,
            values=values,
            starts_on=month_start(as_of, -18),
            approved_by="E1002",
        )
        for code, kind, scope, scope_code, values in rows
    )
