"""`ledgerway serve` and `ledgerway worker`: the server roles by themselves."""

from gateway.cli.session import Asked
from runtime.settings import changed


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

    settings = changed(session.settings, host=host, port=port)
    return run_api(settings, layers=None if layers is None else [name.strip() for name in layers.split(",")])


def worker(*, listen: str | None = None, session: Asked) -> int:
    """Run the worker until SIGTERM. Needs LEDGERWAY_DATABASE_URL.

    Example: `ledgerway worker --listen 127.0.0.1:9464`

    Parameters
    ----------
    listen
        Address where it answers /metrics, /health/live and /health/ready (LEDGERWAY_WORKER_ADDRESS, nowhere).
    """
    from gateway.roles import run_worker

    return run_worker(changed(session.settings, worker_address=listen))
