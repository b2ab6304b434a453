"""The servers that are measured, one process each: `server gateway PORT STATE_DIR`, `server litestar PORT`.

Both are uvicorn on uvloop with one process and a frozen heap. When it is ready the gateway writes a token to STATE_DIR/token.
"""

import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import uvloop

from contracts.periods import SystemClock
from domain.alerts import PriorityAnswer, PriorityQuestion
from domain.calculators import CALCULATORS
from gateway import roles
from gateway.app import Parts, build_gateway
from gateway.config import read
from process_apis.calculators.contract import Calculators
from process_apis.calculators.process import RuleDesk
from runtime.bind import bind, serve_in_process
from runtime.settings import Settings, load
from tests.bench.desk import SUMMARY, TABLE, Clerk, Desk, Summary
from tests.support.tokens import ISSUER, TestIssuer

CONFIG = f"""
[[route]]
prefix = "/process/v1"
layer = "process"
group = "standard"
visibility = "public"

[[issuer]]
issuer = "{ISSUER}"
jwks_uri = "{ISSUER}/jwks"

[policy.throttle.standard]
rate_per_s = 200000
burst = 200000

[policy.quota.standard]
per_month = 1_000_000_000
"""


async def gateway(settings: Settings) -> None:
    """The product's own front door over the desk, served as the product serves it."""
    services = await roles.open_services(settings, "ledgerway-bench")
    await services.database.execute(TABLE)
    clock, issuer = SystemClock(), TestIssuer()

    async def fetch(_url: str) -> bytes:
        return msgspec.json.encode(issuer.jwks())

    app = build_gateway(
        Parts(
            config=read(CONFIG),
            database=services.database,
            base_url=settings.base_url,
            state_dir=settings.state_dir,
            served=(
                *serve_in_process(Desk, bind(Desk, Clerk(services.database), clock), "/process/v1"),
                *serve_in_process(Calculators, bind(Calculators, RuleDesk(), clock), "/process/v1"),
            ),
            clock=clock,
            pool_size=settings.pool_size,
            fetch=fetch,
        )
    )
    now = clock.now()
    token = issuer.token(
        aud=settings.base_url,
        scope="bench:read bench:write rules:read",
        iat=int(now.timestamp()),
        exp=int((now + timedelta(hours=1)).timestamp()),
    )
    (settings.state_dir / "token").write_text(token)
    await roles.serve(app, settings, services)


def litestar(port: int) -> None:
    """The same operations and nothing around them: the summary, and the calculator as it is asked behind the front door."""
    import gc

    import uvicorn
    from litestar import Litestar, get, post

    @get("/summary", sync_to_thread=False)
    def summary() -> Summary:
        return SUMMARY

    judging = CALCULATORS["alert.priority"]

    @post("/priorities", sync_to_thread=False, status_code=200)
    def judge(data: PriorityQuestion) -> PriorityAnswer:
        return judging.answer(data)  # type: ignore[return-value]

    app = Litestar([summary, judge], openapi_config=None, logging_config=None)
    config = uvicorn.Config(app, port=port, loop="uvloop", http="httptools", log_config=None, access_log=False)
    gc.collect()
    gc.freeze()
    uvicorn.Server(config).run()


def main(kind: str, port: str, *rest: str) -> None:
    if kind == "litestar":
        litestar(int(port))
    else:
        uvloop.run(gateway(load(port=int(port), state_dir=Path(rest[0]), log_level="warning")))


if __name__ == "__main__":
    main(*sys.argv[1:])
