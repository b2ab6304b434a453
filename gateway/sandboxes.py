"""The simulated vendor systems in one process: each on a plain port and a TLS port of its own. Sandbox only."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import uvicorn

from contracts.periods import SystemClock
from gateway import addresses, certificates
from gateway.addresses import Demo, SimulatedSystem
from gateway.running import until_stopped
from runtime import telemetry
from runtime.http.simulate import ASGIApp
from runtime.settings import Settings
from runtime.work.lifeline import follow_supervisor

if TYPE_CHECKING:
    from runtime.connections import Connection

FOLDER = "sandbox"


def folder(state_dir: Path, name: str) -> Path:
    """Where a simulator keeps its journal and the secrets it gives out."""
    place = state_dir.absolute() / FOLDER / name
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def apps(demo: Demo, state_dir: Path) -> dict[str, ASGIApp]:
    """The simulators by name."""
    from system_apis.certinia import sandbox as certinia
    from system_apis.netsuite.sandbox import netsuite
    from system_apis.platforms.salesforce.sandbox import salesforce_org
    from system_apis.salesforce import sandbox as salesforce
    from system_apis.workday.sandbox import workday

    org, erp, hcm = (demo.system(name) for name in ("salesforce", "netsuite", "workday"))
    return {
        "salesforce": salesforce_org(
            [salesforce.CONTRIBUTION, certinia.CONTRIBUTION],
            state_dir=folder(state_dir, "salesforce"),
            as_of=demo.as_of,
            public_url=org.url,
        ),
        "netsuite": netsuite(folder(state_dir, "netsuite"), demo.as_of, erp.url),
        "workday": workday(folder(state_dir, "workday"), demo.as_of, hcm.url),
    }


def connections(demo: Demo, state_dir: Path, tenant: str) -> "tuple[Connection, ...]":
    """The demo tenant's connections to the simulators; secrets are references to files the simulators wrote."""
    from runtime.connections import Connection
    from system_apis.netsuite.sandbox import SECRET_FILE as NETSUITE_SECRET
    from system_apis.workday.sandbox import SECRET_FILE as WORKDAY_SECRET
    from system_apis.workday.sandbox import SETTINGS as WORKDAY_SETTINGS

    org, erp, hcm = (demo.system(name) for name in ("salesforce", "netsuite", "workday"))
    org_secret = f"file:{_org_secret(state_dir)}"
    erp_secret = f"file:{folder(state_dir, 'netsuite') / NETSUITE_SECRET}"
    hcm_secret = f"file:{folder(state_dir, 'workday') / WORKDAY_SECRET}"

    def one(vendor: str, ports: tuple[str, ...], system: SimulatedSystem, secret: str, **settings: Any) -> Connection:
        return Connection(
            tenant=tenant,
            instance=vendor,
            vendor=vendor,
            ports=ports,
            base_url=system.url,
            secret=secret,
            settings=settings,
        )

    return (
        one("salesforce", ("crm",), org, org_secret),
        one("certinia", ("planning", "psa", "time"), org, org_secret),
        one("netsuite", ("billing", "erp"), erp, erp_secret),
        one("workday", ("hcm",), hcm, hcm_secret, **WORKDAY_SETTINGS),
    )


def _org_secret(state_dir: Path) -> Path:
    from system_apis.platforms.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET

    place = folder(state_dir, "salesforce") / "client-secret.json"
    place.touch(mode=0o600)
    place.write_bytes(msgspec.json.encode({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}))
    return place


class _Server(uvicorn.Server):
    """One of several servers in a process: signals are handled once for all of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: ASGIApp, port: int, tls: tuple[Path, Path] | None) -> _Server:
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        ssl_certfile=str(tls[0]) if tls else None,
        ssl_keyfile=str(tls[1]) if tls else None,
    )
    return _Server(config)


def run(settings: Settings) -> int:
    """The simulated systems of a state directory, until SIGTERM; 2 when there are none, or the mode is live."""
    telemetry.configure(settings, "sandbox")
    follow_supervisor(settings)
    demo = addresses.read(settings.state_dir)
    if demo is None:
        telemetry.log.error("sandbox.no_state", hint="Run `ledgerway demo` once in this state directory.")
        return 2
    return until_stopped(serve(settings, demo))


async def serve(settings: Settings, demo: Demo) -> None:
    """Serve all simulators until SIGTERM or SIGINT. Raises ValueError in live mode."""
    if settings.mode != "sandbox":
        raise ValueError("simulated systems exist in sandbox mode only")
    tls = certificates.ensure(folder(settings.state_dir, "tls"), SystemClock())
    simulators = apps(demo, settings.state_dir)
    servers = [
        _server(app, port, proof)
        for name, app in simulators.items()
        for port, proof in ((demo.system(name).port, None), (demo.system(name).tls_port, tls))
    ]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, servers)
    gc.collect()
    gc.freeze()
    await asyncio.gather(*(server.serve() for server in servers))


def _end(servers: list[_Server]) -> None:
    for server in servers:
        server.should_exit = True
