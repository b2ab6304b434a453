"""`ledgerway serve` and `ledgerway worker`: the server roles by themselves."""

from msgspec.structs import replace

from gateway.cli.session import Asked


def serve(*, host: str | None = None, port: int | None = None, session: Asked) -> int:
    """Serve the API until SIGTERM. Needs LEDGERWAY_DATABASE_URL; `ledgerway demo` starts all there is.

    Example: `ledgerway serve --port 8080`

    Parameters
    ----------
    host
        Address to listen on (LEDGERWAY_HOST, 127.0.0.1).
    port
        Port to listen on (LEDGERWAY_PORT, 8080).
    """
    from gateway.roles import run_api

    settings = session.settings
    return run_api(replace(settings, host=host or settings.host, port=port or settings.port))


def worker(*, slot: str | None = None, session: Asked) -> int:
    """Run the worker until SIGTERM. Needs LEDGERWAY_DATABASE_URL.

    Example: `ledgerway worker --slot worker-2`

    Parameters
    ----------
    slot
        Name of this worker; one that starts under the same name goes on with its runs (LEDGERWAY_WORKER_SLOT, worker-1).
    """
    from gateway.roles import run_worker

    return run_worker(replace(session.settings, worker_slot=slot or session.settings.worker_slot))
