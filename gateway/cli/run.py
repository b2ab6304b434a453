"""`ledgerway run`: starts a process."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from gateway.cli.exits import Exit
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from contracts.process.onboarding import Preview

app = App(name="run")


@app.command
async def onboarding(
    *,
    deal: Annotated[str, Parameter(name=("--deal", "--deal-ref"))],
    contract_version: int = 1,
    follow: bool = False,
    dry_run: bool = False,
    session: Asked,
) -> Exit:
    """Onboard a won deal: customer, project in PSA and ERP, contract, rates, demand.

    Starting twice changes nothing: the answer is the run that was started before.

    Example: `ledgerway run onboarding --deal salesforce:deal:006... --follow`

    Parameters
    ----------
    deal
        Reference of the deal: `ledgerway deals list`.
    contract_version
        Which signed version of its contract; a new one is a new run.
    follow
        Stay until the run ends or is held. Ctrl-C leaves it running.
    dry_run
        Show what it would do and what would hold it, and start nothing.
    """
    from contracts.process.onboarding import Onboarding, StartOnboarding
    from gateway.cli import run_text
    from gateway.cli.complaints import looking_at
    from gateway.cli.following import follow as followed

    if dry_run:
        return await _preview(deal, contract_version, session)
    async with session.product("project-manager") as api:
        with looking_at("ledgerway deals list", "not-found", "invalid-content"):
            run = await api.call(Onboarding.start, StartOnboarding(deal_ref=deal, contract_version=contract_version))
        if follow:
            return await followed(api, session, run)
    session.show(run.raw, run_text.whole(run.value))
    if run.value.status in ("running", "waiting"):
        session.suggest(f"Follow it: ledgerway runs show {run.value.id} --follow")
    return Exit.DONE


async def _preview(deal: str, contract_version: int, session: Session) -> Exit:
    """5 when a person would have to do something first."""
    from contracts.process.onboarding import Onboarding
    from gateway.cli.complaints import looking_at

    async with session.product("project-manager") as api:
        with looking_at("ledgerway deals list", "not-found", "invalid-content", "rule-violated"):
            found = await api.call(Onboarding.preview, deal, contract_version=contract_version)
    session.show(found.raw, _told(found.value))
    if found.value.run_id is not None:
        session.suggest(f"It was started before: ledgerway runs show {found.value.run_id}")
    else:
        session.suggest(f"Nothing was changed. Next: ledgerway run onboarding --deal {deal} --follow")
    return Exit.HELD if found.value.obstacles else Exit.DONE


def _told(seen: "Preview") -> str:
    from gateway.cli.tables import NOTHING, fields, money, table

    facts = fields(
        (
            ("Deal", f"{seen.name}, {money(seen.amount, seen.currency)}"),
            ("Customer", f"{seen.customer} {seen.customer_id or ''}".strip()),
            *(("Held by", f"{o.detail} ({o.code})") for o in seen.obstacles),
        )
    )
    rows = [
        (c.country, f"adopts {c.adopts_code or c.adopts}" if c.adopts else "new", c.demands, c.milestones or NOTHING)
        for c in seen.countries
    ]
    heads = ("COUNTRY", "PSA PROJECT", "DEMANDS", "MILESTONES")
    return f"{facts}\n\n{table(heads, rows, right='DEMANDS MILESTONES')}"
