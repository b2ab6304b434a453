"""What the runtime gives to processes and views; made once per process by the composition root."""

from dataclasses import dataclass, field

from contracts.periods import Clock, SystemClock
from runtime.data.database import Database
from runtime.ports import Ports
from runtime.settings import Settings


@dataclass(frozen=True)
class Services:
    """Database, ports, settings and clock of this process."""

    database: Database
    ports: Ports
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)

    async def close(self) -> None:
        """Close connections to vendors, then to the database."""
        await self.ports.close()
        await self.database.close()
