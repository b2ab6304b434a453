"""What every event carries (domain rules 3.1)."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """What all events carry. `full_state` marks a state-carrying event (EVT-3)."""

    type: ClassVar[str]
    source: ClassVar[str]

    object_id: str
    version: int
    occurred_at: datetime
    actor: str
    reason: str | None = None
    full_state: bool = False

    @property
    def partitionkey(self) -> str:
        """Order holds within one partition key only (EVT-5)."""
        return self.object_id

    @property
    def dedup_key(self) -> str:
        """EVT-1."""
        return f"{self.type}:{self.object_id}:{self.version}"
