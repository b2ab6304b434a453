"""The unit of work a register is handed: it neither opens nor commits one."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar, cast

from msgspec.structs import replace

from contracts.call import Call
from runtime.data.database import Connection
from runtime.work.unit import read_in_unit

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_NONE = object()


class Unit(NamedTuple):
    """A transaction, on whose behalf, and the instant it counts as."""

    connection: Connection
    call: Call
    now: datetime

    @property
    def tenant(self) -> str:
        """Whose rows may be seen and written."""
        return self.call.tenant

    def under(self, correlation_id: str) -> "Unit":
        """The same unit, for what belongs to another business trigger (ID-4)."""
        if correlation_id == self.call.correlation_id:
            return self
        return self._replace(call=replace(self.call, correlation_id=correlation_id))

    def unconditional(self) -> "Unit":
        """The same unit, for objects the caller did not name: the version they expect (If-Match) is another object's."""
        if self.call.expected_versions is None:
            return self
        return self._replace(call=replace(self.call, expected_versions=None))

    async def once(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Terms that this unit does not change (rates, periods, prices), read once for the whole batch of work."""
        known, place = read_in_unit(self.connection), (self.tenant, key)
        if place not in known:
            known[place] = await read()
        return cast(T, known[place])

    async def once_each(
        self, what: str, keys: Iterable[K], read: Callable[[Sequence[K]], Awaitable[Mapping[K, T]]]
    ) -> dict[K, T]:
        """The same of several objects: those nobody asked for yet are read together. Those there are none of are left out."""
        known, places = read_in_unit(self.connection), {key: (self.tenant, what, key) for key in keys}
        missing = [key for key, place in places.items() if place not in known]
        found = await read(missing) if missing else {}
        known |= {places[key]: found.get(key, _NONE) for key in missing}
        return {key: known[place] for key, place in places.items() if known[place] is not _NONE}
