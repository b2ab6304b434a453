"""`ledgerway doctor`: what is wrong with this installation, and the command that mends it."""

import msgspec

from gateway.cli.exits import Exit
from gateway.cli.session import Asked


async def doctor(*, offline: bool = False, session: Asked) -> Exit:
    """Look for what keeps this installation from working; say for each finding what to do.

    Ends with 0 when nothing is ill, 7 when the database cannot be asked, else 1.

    Example: `ledgerway doctor --offline`

    Parameters
    ----------
    offline
        Do not sign in at connected systems.
    """
    from gateway.cli.tables import table
    from gateway.doctor.examination import examine
    from runtime import telemetry

    telemetry.configure(msgspec.structs.replace(session.settings, log_level="error"), "cli")
    found = await examine(session.settings, offline=offline)
    wrong = [finding for finding in found if finding.state in ("ill", "warning")]
    ill = [finding.check for finding in wrong if finding.state == "ill"]
    text = table(("CHECK", "STATE", "DETAIL"), [(f.check, f.state, f.detail) for f in found])
    fixes = [f"{f.check}: {f.fix}" for f in wrong if f.fix]
    if fixes:
        text += "\n\nTo do\n" + "\n".join(f"  {fix}" for fix in fixes)
    session.show(msgspec.json.encode({"items": found, "well": not ill}), text)
    session.suggest(f"{len(ill)} of {len(found)} checks are ill." if ill else f"All {len(found)} checks passed.")
    if not ill:
        return Exit.DONE
    return Exit.UNAVAILABLE if found[-1].check == "database" else Exit.PROBLEM
