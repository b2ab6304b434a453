"""The whole product on one machine: servers, simulated systems, API and worker under one supervisor. Sandbox only."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from contracts.periods import SystemClock
from gateway import addresses
from gateway.addresses import Demo
from runtime.settings import Settings
from runtime.work.child import Child
from runtime.work.supervisor import Supervisor

_COMMAND = (sys.executable, "-m", "gateway.cli.main")


def run(settings: Settings, reset: bool = False) -> int:
    """Start everything and stay until a signal; the exit code of the supervisor. `reset` forgets all state first."""
    from runtime.data.embedded import erase

    if settings.mode != "sandbox":
        sys.stderr.write("`ledgerway demo` runs simulated systems and exists in sandbox mode only.\n")
        return 2
    settings = replace(settings, state_dir=settings.state_dir.expanduser().absolute())
    if reset:
        erase(settings.state_dir)
    return asyncio.run(_supervise(settings))


async def _supervise(settings: Settings) -> int:
    demo = addresses.plan(settings.state_dir, settings.port, settings.base_url, SystemClock().now().date())
    supervisor = Supervisor(
        settings, _children(settings, demo), prepared=_prepare(settings, demo), ready=_ready(demo, settings)
    )
    return await supervisor.run()


def _children(settings: Settings, demo: Demo) -> list[Child]:
    health = f"{demo.systems[0].url}/_sandbox/health"
    return [
        Child(name="sandboxes", argv=(*_COMMAND, "sandbox", "start"), ready_url=health),
        Child(name="api", argv=(*_COMMAND, "serve"), ready_url=f"http://{settings.host}:{settings.port}/health/ready"),
        Child(name="worker", argv=(*_COMMAND, "worker")),
    ]


Hook = Callable[[Settings], Awaitable[None]]


def _prepare(settings: Settings, demo: Demo) -> Hook:
    """Before the children start: the addresses they look up."""

    async def prepare(given: Settings) -> None:
        addresses.write(settings.state_dir, demo)

    return prepare


def _ready(demo: Demo, settings: Settings) -> Hook:
    """Once everything answers: connect the simulated systems, load what the hub owns on the first start, say where to go."""

    async def ready(given: Settings) -> None:
        await _load(given, demo)
        addresses.write(settings.state_dir, replace(demo, seeded=True))
        sys.stdout.write(_greeting(demo, settings))
        sys.stdout.flush()

    return ready


async def _load(given: Settings, demo: Demo) -> None:
    from gateway import sandboxes
    from gateway.demo_data import DemoData
    from gateway.roles import open_services
    from runtime.connections import put
    from system_apis.platforms.firm import firm

    services = await open_services(replace(given, pool_size=4), "ledgerway-demo")
    try:
        for connection in sandboxes.connections(demo, given.state_dir, given.tenant):
            await put(services.database, connection)
        if not demo.seeded:
            await services.ports.connections.load(services.database)
            await DemoData(services, firm(demo.as_of), given.tenant).load()
    finally:
        await services.close()


def _greeting(demo: Demo, settings: Settings) -> str:
    from gateway.issuer import PERSONAS

    rows = "\n".join(f"  {p.id:<22} {p.title}" for p in PERSONAS if p.tenant is None)
    systems = "\n".join(f"  {s.name:<12} {s.url}   {s.tls_url}" for s in demo.systems)
    here = "" if settings.state_dir.name == ".ledgerway" else f" --state-dir {settings.state_dir}"
    return f"""
Ledgerway is ready: {demo.url}   (sandbox data, seeded as of {demo.as_of})

Simulated systems
{systems}

Personas (client id; the secret is sandbox-<client id>)
{rows}

Next
  ledgerway token --as billing-analyst{here}
  ledgerway deals list{here}
  ledgerway run onboarding --deal REF --follow{here}
  ledgerway billing ready{here}
Stop with Ctrl-C. Logs: {settings.state_dir}/log/
"""
