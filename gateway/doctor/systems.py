"""Do connected systems take our credentials, and do their clocks agree with ours? Signs in for real and reads something harmless."""

import asyncio
from collections.abc import Iterator

from gateway.doctor.finding import Finding, ill, unknown, well
from gateway.doctor.stores import skewed
from gateway.probe import Probed, probe
from runtime.connections import Connection
from runtime.http import ways_out

_PATIENCE_S = 20


async def system(connection: Connection) -> list[Finding]:
    """One connection: what its ports say, and what its clock shows."""
    check = f"system {connection.instance}"
    try:
        async with asyncio.timeout(_PATIENCE_S):
            probed = await probe(connection)
    except TimeoutError:
        return [unknown(check, f"It did not answer within {_PATIENCE_S} s.")]
    return [*_access(check, connection, probed), *_clock(connection)]


def _access(check: str, connection: Connection, probed: tuple[Probed, ...]) -> Iterator[Finding]:
    failed = [one for one in probed if not one.works]
    again = f"ledgerway connection test {connection.instance}"
    refused = next((one for one in failed if one.problem == "vendor-credentials"), None)
    if refused is not None:
        fix = f"{again}   (after putting a new secret where {connection.secret} points)"
        yield ill(check, f"Expired or wrong credential: {refused.detail}", fix)
    elif failed:
        yield ill(check, f"{failed[0].port}: {failed[0].detail}", again)
    else:
        yield well(check, f"{connection.vendor} takes our credentials for {', '.join(one.port for one in probed)}.")


def _clock(connection: Connection) -> Iterator[Finding]:
    ahead_s = ways_out.remembered(connection.vendor, connection.base_url)["clock_skew_s"]
    if ahead_s is not None:
        yield skewed(f"clock of {connection.instance}", connection.instance, ahead_s)
