"""The whole product on one machine: servers, simulated systems, API and worker under one supervisor. Sandbox only."""

import asyncio
import hashlib
import shlex
import shutil
import sys
from pathlib import Path

from msgspec.structs import replace

from contracts.periods import SystemClock
from gateway import addresses
from gateway.addresses import Demo
from gateway.doctor import machine
from runtime.data.statedir import EmbeddedServerError
from runtime.settings import Settings, SettingsError
from runtime.work.child import Child
from runtime.work.supervisor import Hook, Supervisor

_COMMAND = (sys.executable, "-m", "gateway.cli.main")


def run(settings: Settings, reset: bool = False) -> int:
    """Start everything and stay until a signal; the exit code of the supervisor. `reset` forgets all state first.

    Raises SettingsError in live mode, and for a reset that could forget only half.
    """
    if settings.mode != "sandbox":
        raise SettingsError("`ledgerway demo` runs simulated systems and exists in sandbox mode only.")
    settings = replace(settings, state_dir=settings.state_dir.expanduser().absolute())
    if reset:
        _reset(settings)
    _check_room(settings)
    return asyncio.run(_supervise(settings))


def _reset(settings: Settings) -> None:
    from runtime.data.embedded import erase

    if settings.database_url is not None and addresses.read(settings.state_dir) is not None:
        raise SettingsError(
            "`--reset` does not empty the database of LEDGERWAY_DATABASE_URL, and the simulated systems would not fit it "
            "any more. Nothing was deleted. Use an empty database and another --state-dir."
        )
    erase(settings.state_dir)


def _check_room(settings: Settings) -> None:
    """A first start on a full disk would end in the middle. Raises EmbeddedServerError."""
    disk = machine.disk(settings.state_dir)
    if disk.state == "ill" and addresses.read(settings.state_dir) is None:
        raise EmbeddedServerError(f"{disk.detail} Make room, or choose another with --state-dir.")


async def _supervise(settings: Settings) -> int:
    known = addresses.read(settings.state_dir)
    demo = addresses.plan(settings.state_dir, settings.port, settings.base_url, SystemClock().now().date())
    settled = known is not None and known.loaded_into == _database(settings) and known.systems == demo.systems
    supervisor = Supervisor(
        settings,
        _children(settings, demo, settled),
        prepared=_prepare(settings, demo),
        loaded=None if settled else _loaded(settings, demo),
        ready=_ready(settings, demo),
    )
    return await supervisor.run()


def _database(settings: Settings) -> str:
    """A name of the database in use that tells nothing about it."""
    url = settings.database_url
    return "embedded" if url is None else hashlib.sha256(url.encode()).hexdigest()[:16]


def _children(settings: Settings, demo: Demo, settled: bool) -> list[Child]:
    """The API opens its door when what it serves is there."""
    health = f"{demo.systems[0].url}/_sandbox/health"
    return [
        Child(name="sandboxes", argv=(*_COMMAND, "sandbox", "start"), ready_url=health),
        Child(name="api", argv=(*_COMMAND, "serve"), ready_url=f"{settings.own_url}/health/ready", last=not settled),
        Child(name="worker", argv=(*_COMMAND, "worker", "--listen", str(demo.worker_address))),
    ]


def _prepare(settings: Settings, demo: Demo) -> Hook:
    """Before the children start: the addresses they look up."""

    async def prepare(given: Settings) -> None:
        addresses.write(settings.state_dir, demo)

    return prepare


def _loaded(settings: Settings, demo: Demo) -> Hook:
    """Once the simulated systems answer: connect them, and load what the hub owns where it is not loaded yet."""

    async def loaded(given: Settings) -> None:
        database = _database(settings)
        await _load(given, demo, fill=demo.loaded_into != database)
        addresses.write(settings.state_dir, replace(demo, loaded_into=database))

    return loaded


def _ready(settings: Settings, demo: Demo) -> Hook:
    """Once everything answers: say where to go."""

    async def ready(_given: Settings) -> None:
        sys.stdout.write(_greeting(demo, settings))
        sys.stdout.flush()
        for found in (await machine.redis(settings.redis_url), machine.disk(settings.state_dir)):
            if found.fix is not None:
                sys.stderr.write(f"{found.check}: {found.detail}\n")

    return ready


async def _load(given: Settings, demo: Demo, fill: bool) -> None:
    from gateway import sandboxes
    from gateway.demo_data import DemoData
    from gateway.roles import open_services
    from runtime.connections import put
    from system_apis.platforms.firm import firm

    services = await open_services(replace(given, pool_size=4), "ledgerway-demo")
    try:
        for connection in sandboxes.connections(demo, given.state_dir, given.tenant):
            await put(services.database, connection)
        if fill:
            await services.ports.connections.load(services.database)
            await DemoData(services, firm(demo.as_of), given.tenant).load()
    finally:
        await services.close()


def _greeting(demo: Demo, settings: Settings) -> str:
    from gateway.personas import PERSONAS

    rows = "\n".join(f"  {p.id:<22} {p.title}" for p in PERSONAS if p.tenant is None)
    systems = "\n".join(f"  {s.name:<12} {s.url}   {s.tls_url}" for s in demo.systems)
    command, here = _command(), _option(settings.state_dir)
    return f"""
Ledgerway is ready: {demo.url}/portal   (sandbox data, seeded as of {demo.as_of})

Simulated systems
{systems}

Personas (client id; the secret is sandbox-<client id>)
{rows}

Next
  {command} token --as billing-analyst{here}
  {command} deals list{here}
  {command} run onboarding --deal REF --follow{here}
  {command} billing ready{here}
Metrics: {demo.url}/metrics and http://{demo.worker_address}/metrics
Stop with Ctrl-C. Logs: {command} logs --follow{here}
"""


def _option(state_dir: Path) -> str:
    """What a command typed here needs to find the installation."""
    return "" if state_dir == Path(".ledgerway").absolute() else f" --state-dir {shlex.quote(str(state_dir))}"


def _command() -> str:
    """`ledgerway` where that is on the path, else the way from here to the one that runs."""
    if shutil.which("ledgerway"):
        return "ledgerway"
    beside = Path(sys.executable).parent / "ledgerway"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))
