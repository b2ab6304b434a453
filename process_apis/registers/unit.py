"""The unit of work a register is handed: it neither opens nor commits one."""

from datetime import datetime
from typing import NamedTuple

from contracts.call import Call
from runtime.data.database import Connection


class Unit(NamedTuple):
    """A transaction, on whose behalf, and the instant it counts as."""

    connection: Connection
    call: Call
    now: datetime

    @property
    def tenant(self) -> str:
        """Whose rows may be seen and written."""
        return self.call.tenant
