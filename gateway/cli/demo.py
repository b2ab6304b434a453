"""`ledgerway demo`: the whole product on one machine."""

from gateway.cli.session import Asked
from runtime.settings import changed


def demo(*, reset: bool = False, port: int | None = None, session: Asked) -> int:
    """Run everything here until Ctrl-C: servers, simulated systems with seeded data, API and worker.

    State is kept in `.ledgerway/` (or `--state-dir`); several instances may run side by side.

    Example: `ledgerway demo --port 9000 --state-dir /tmp/second`

    Parameters
    ----------
    reset
        Forget all state first and seed again.
    port
        Port of the API (8080); the simulated systems take ports above it.
    """
    from gateway.demo import run

    return run(changed(session.settings, port=port), reset)
