"""Where a worker answers operators: `/metrics`, `/health/live` and `/health/ready` at LEDGERWAY_WORKER_ADDRESS; nothing else, no tenant's data."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from gateway import process_facts  # noqa: F401 - the gauges of the process
from gateway.health import Health
from runtime import metrics
from runtime.http.replies import JSON, Reply
from runtime.settings import SettingsError
from runtime.telemetry import log


@asynccontextmanager
async def answering(address: str | None, health: Health) -> AsyncIterator[None]:
    """Listens while the block runs; without an address it does not. Raises SettingsError for an address that cannot be had."""
    if address is None:
        yield
        return
    runner = web.AppRunner(_application(health), handle_signals=False, access_log=None)
    await runner.setup()
    try:
        host, port = _parts(address)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            detail = f"LEDGERWAY_WORKER_ADDRESS is {address}, which cannot be listened on: {error.strerror}."
            raise SettingsError(detail) from error
        log.info("worker.answering", address=address)
        yield
    finally:
        await runner.cleanup()


def _parts(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SettingsError(f"LEDGERWAY_WORKER_ADDRESS is {address}; use host and port, such as 127.0.0.1:9464.")
    return host.strip("[]"), int(port)


def _application(health: Health) -> web.Application:
    async def numbers(_request: web.Request) -> web.Response:
        text = metrics.exposition(metrics.FAMILIES.values())
        return web.Response(body=text.encode(), headers={"content-type": metrics.CONTENT_TYPE})

    async def live(_request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode({"status": "live"}), headers={"content-type": JSON})

    async def ready(_request: web.Request) -> web.Response:
        return _response(await health.standing())

    made = web.Application()
    made.router.add_get("/metrics", numbers)
    made.router.add_get("/health/live", live)
    made.router.add_get("/health/ready", ready)
    return made


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))
