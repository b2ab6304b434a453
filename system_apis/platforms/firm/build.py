"""Puts the firm together: a pure function of the day and the seed, remembered."""

from datetime import date
from functools import lru_cache
from random import Random

from .books import (
    cost_center_maps,
    cost_centers,
    entities,
    expense_rules,
    fx_quotes,
    periods,
    policies,
    tax_codes,
)
from .clients import clients
from .engagements import assignments, milestones, project, templates
from .pipeline import pipeline
from .portfolio import PLANS
from .prices import rate_cards
from .receivables import invoices
from .spending import expenses, vendor_bills
from .staff import absences, calendars, people
from .terms import change_orders, contract, deal, retainers
from .whole import Firm
from .work import time_entries

_NAME = "Fairmont Partners"


@lru_cache(maxsize=4)
def firm(as_of: date, seed: int = 7) -> Firm:
    """The firm as everybody's systems know it on the morning of `as_of`. Same day and seed, same firm."""
    staff, known, debtors = people(as_of), calendars(as_of), clients()
    by_number = {person.number: person for person in staff}
    by_calendar = {calendar.code: calendar for calendar in known}
    by_client = {client.code: client for client in debtors}
    away = absences(as_of, staff, known, Random(f"{seed}:absences"))  # noqa: S311
    booked = assignments(by_number, by_calendar, as_of)
    entries = time_entries(booked, by_number, by_calendar, away, as_of, Random(f"{seed}:time"))  # noqa: S311
    return Firm(
        as_of=as_of,
        seed=seed,
        name=_NAME,
        entities=entities(),
        cost_centers=cost_centers(),
        cost_center_maps=cost_center_maps(),
        periods=periods(as_of),
        tax_codes=tax_codes(),
        fx_quotes=fx_quotes(as_of, Random(f"{seed}:fx")),  # noqa: S311
        calendars=known,
        people=staff,
        absences=away,
        clients=debtors,
        deals=(*(deal(plan, by_client, by_number, as_of) for plan in PLANS), *pipeline(by_client, as_of)),
        templates=templates(),
        projects=tuple(project(plan, by_client, by_number, as_of) for plan in PLANS),
        assignments=booked,
        time_entries=entries,
        expenses=expenses(as_of),
        milestones=milestones(by_client, as_of),
        invoices=invoices(by_client, by_number, as_of),
        vendor_bills=vendor_bills(entries, by_number, as_of),
        contracts=tuple(contract(plan, by_client, as_of) for plan in PLANS),
        retainers=retainers(by_client, as_of),
        change_orders=change_orders(as_of),
        rate_cards=rate_cards(as_of),
        expense_rules=expense_rules(as_of),
        policies=policies(as_of),
    )
