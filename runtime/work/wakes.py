"""Who sleeps in this process and what wakes them: an event per waiting step, set when somebody says its run changed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Wakes:
    """A wake is a hint to look at the database again; a lost one costs a delay, not a hole."""

    def __init__(self) -> None:
        self._sleepers: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def listening(self, run_id: str) -> Iterator[asyncio.Event]:
        """An event that is set when the run is nudged, for as long as the block lasts."""
        event = asyncio.Event()
        self._sleepers.setdefault(run_id, set()).add(event)
        try:
            yield event
        finally:
            self._sleepers[run_id].discard(event)
            if not self._sleepers[run_id]:
                del self._sleepers[run_id]

    def wake(self, run_id: str) -> None:
        """Wakes what waits for this run; an empty id wakes everything."""
        asleep = [self._sleepers.get(run_id, set())] if run_id else list(self._sleepers.values())
        for events in asleep:
            for event in events:
                event.set()
