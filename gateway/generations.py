"""A bounded map that forgets what was not asked for lately: two dicts, the older one dropped when the younger is full."""

from typing import Generic, TypeVar

V = TypeVar("V")


class Generations(Generic[V]):
    """Holds between `size` and `2 * size` entries; asking for an entry keeps it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[bytes, V] = {}
        self._old: dict[bytes, V] = {}

    def get(self, key: bytes) -> V | None:
        """The value, or None."""
        found = self._young.get(key)
        if found is None and (found := self._old.pop(key, None)) is not None:
            self.put(key, found)
        return found

    def put(self, key: bytes, value: V) -> None:
        """Keep a value."""
        if len(self._young) >= self._size:
            self._young, self._old = {}, self._young
        self._young[key] = value

    def drop(self, key: bytes) -> None:
        """Forget one key."""
        self._young.pop(key, None)
        self._old.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
