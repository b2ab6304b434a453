"""`ledgerway run`: starts a process."""

from typing import Annotated

from cyclopts import App, Parameter

from gateway.cli.exits import Exit
from gateway.cli.session import Asked

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
        Show the deal that would be onboarded and start nothing.
    """
    from contracts.process.onboarding import Onboarding, StartOnboarding
    from gateway.cli import deals, run_text
    from gateway.cli.complaints import looking_at
    from gateway.cli.following import follow as followed

    if dry_run:
        return await deals.show(deal, session=session)
    async with session.product("project-manager") as api:
        with looking_at("ledgerway deals list", "not-found", "invalid-content"):
            run = await api.call(Onboarding.start, StartOnboarding(deal_ref=deal, contract_version=contract_version))
        if follow:
            return await followed(api, session, run)
    session.show(run.raw, run_text.whole(run.value))
    if run.value.status in ("running", "waiting"):
        session.suggest(f"Follow it: ledgerway runs show {run.value.id} --follow")
    return Exit.DONE
