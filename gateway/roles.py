"""The server roles of one installation: API and worker. The only file that sees all layers at once."""

import gc
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from contracts.problems import StoreAway
from experience_apis import app as experience
from gateway import layers
from gateway.running import until_stopped
from process_apis import app as process
from process_apis.registers.hooks import ExceptionHooks
from runtime import telemetry
from runtime.connections import Connections
from runtime.data.database import Database
from runtime.ports import Ports
from runtime.services import Services
from runtime.settings import Settings, SettingsError
from runtime.sockets import try_to_listen
from runtime.work.calls import PORT_SCOPES
from runtime.work.lifeline import follow_supervisor


async def open_services(
    settings: Settings, application_name: str, here: frozenset[str] = frozenset(layers.LAYERS)
) -> Services:
    """Database, connections and ports of a process with these layers. Raises SettingsError when something is not known or
    there is no schema yet, StoreAway when the database cannot be had."""
    remote = layers.system_elsewhere(settings, here)
    if settings.database_url is None:
        raise SettingsError("LEDGERWAY_DATABASE_URL is not set; `ledgerway demo` starts a database of its own.")
    connections = Connections()
    try:
        database = await Database.connect(
            settings.database_url,
            application_name=application_name,
            max_size=settings.pool_size,
            statement_timeout_s=settings.statement_timeout_s,
        )
        await connections.watch(database)
    except asyncpg.UndefinedTableError as error:
        raise SettingsError("The database has no schema of ours yet; run `ledgerway db migrate`.") from error
    except (OSError, asyncpg.PostgresError) as error:
        raise StoreAway(f"The database does not answer: {error}.") from error
    return Services(database=database, ports=Ports(connections, remote=remote), settings=settings)


def run_api(settings: Settings, layers: Collection[str] | None = None) -> int:
    """The gateway with all layers behind it, or the named layers alone, until SIGTERM; 2 when it cannot start as configured."""
    telemetry.configure(settings, "api")
    follow_supervisor(settings)
    with _traced(settings, "api"):
        return until_stopped(_serve(settings, layers))


@contextmanager
def _traced(settings: Settings, role: str) -> Iterator[None]:
    """Spans go to the collector, if there is one, while the block runs."""
    if settings.otlp_endpoint is None:
        yield
        return
    from runtime import spans_out

    stop = spans_out.export(settings.otlp_endpoint, role, settings.one_trace_in)
    try:
        yield
    finally:
        stop()


async def _serve(settings: Settings, names: Collection[str] | None) -> None:
    here = layers.chosen(names)
    try_to_listen(settings.host, settings.port, "api")
    await (_api(settings) if layers.whole(here) else _alone(settings, here))


async def _alone(settings: Settings, here: frozenset[str]) -> None:
    """Layers without a front door: they take calls that other layers signed."""
    from gateway import apis
    from runtime.http.serve import layer

    tokens = layers.tokens(settings)
    services = await open_services(settings, "ledgerway-" + "-".join(sorted(here)), here)
    served = layers.only(here, apis.surface(services).served)
    telemetry.log.info("layer.serving", layers=sorted(here), operations=len(served))
    await serve(layer(served, tokens), settings, services)


async def _api(settings: Settings) -> None:
    from redis.asyncio import Redis

    from gateway import apis, config, installation
    from gateway.app import Parts, build_gateway

    services = await open_services(settings, "ledgerway-api")
    await installation.remember(services.database, settings.state_dir)
    surface = apis.surface(services)
    parts = Parts(
        config=config.load(settings.gateway_config),
        database=services.database,
        base_url=settings.base_url,
        state_dir=settings.state_dir,
        mode=settings.mode,
        tenant=settings.tenant,
        served=surface.served,
        apis=surface.apis,
        redis=Redis.from_url(settings.redis_url, protocol=2, socket_timeout=2) if settings.redis_url else None,
        pool_size=settings.pool_size,
        vendors=services.ports.health,
    )
    await serve(build_gateway(parts), settings, services)


async def serve(app: Any, settings: Settings, services: Services) -> None:
    import uvicorn

    from gateway.protocol import Protocol

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            date_header=True,
            timeout_graceful_shutdown=10,
        )
    )
    gc.collect()
    gc.freeze()
    # The server raises the signal that stopped it once more when it has stopped; what is open is closed after that.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        await server.serve()
    finally:
        await services.close()


def run_worker(settings: Settings) -> int:
    """The worker, until SIGTERM; 0, or 2 when it cannot start as configured."""
    telemetry.configure(settings, "worker")
    follow_supervisor(settings)
    with _traced(settings, "worker"):
        return until_stopped(_worker(settings))


async def _worker(settings: Settings) -> None:
    from gateway.health import Health
    from gateway.worker_page import answering
    from runtime.work.housekeeping import housekeeping
    from runtime.work.worker import Worker

    services = await open_services(settings, "ledgerway-worker")
    processes = process.processes(services)
    views = experience.views(services)
    worker = Worker(
        services.database,
        settings.database_url or "",
        [*processes, *views],
        hooks=ExceptionHooks(services.clock),
        scopes=PORT_SCOPES | {"hcm:cost"},
        sweeps=housekeeping(services.database, services.clock),
    )
    gc.collect()
    gc.freeze()
    health = Health(services.database, None, services.clock, services.ports.health)
    try:
        async with answering(settings.worker_address, health):
            await worker.run()
    finally:
        await services.close()
