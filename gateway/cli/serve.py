"""`ledgerway serve` and `ledgerway worker`: the server roles by themselves."""

from msgspec.structs import replace

from gateway.cli.session import Asked


def serve(*, host: str | None = None, port: int | None = None, layers: str | None = None, session: Asked) -> int:
    """Serve the API until SIGTERM. Needs LEDGERWAY_DATABASE_URL; `ledgerway demo` starts all there is.

    Example: `ledgerway serve --port 8080`

    Example: `ledgerway serve --layers system --port 8090`

    Parameters
    ----------
    host
        Address to listen on (LEDGERWAY_HOST, 127.0.0.1).
    port
        Port to listen on (LEDGERWAY_PORT, 8080).
    layers
        Of system, process and experience, comma between them, those to serve alone: without the front door, for other
        processes that share the key of LEDGERWAY_SIGNING_KEY_FILE.
    """
    from gateway.roles import run_api

    settings = session.settings
    found = replace(settings, host=host or settings.host, port=port or settings.port)
    return run_api(found, layers=None if layers is None else [name.strip() for name in layers.split(",")])


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
