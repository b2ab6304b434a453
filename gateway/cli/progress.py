"""How far long work is, on stderr: one line redrawn on a terminal, elsewhere a line now and then."""

import sys
import time

from gateway.cli.session import Session

SPEAK_EVERY_S = 5
_TENTH = 10


class Progress:
    """Elsewhere than on a terminal a line comes at the first word, and again after SPEAK_EVERY_S seconds or a tenth of the work."""

    def __init__(self, session: Session, of: int | None = None) -> None:
        self._session, self._of = session, of
        self._last, self._began, self._spoke, self._tenths = "", time.monotonic(), 0.0, 0
        self._redraws = sys.stderr.isatty()

    def count(self, done: int, item: str = "") -> None:
        """Show how much is done, how fast it goes, and what is at work now."""
        rate = done / max(time.monotonic() - self._began, 0.001)
        of = "" if self._of is None else f" of {self._of:,}"
        tenths = 0 if not self._of else _TENTH * done // self._of
        self.tell(f"{done:,}{of}, {rate:,.0f}/s{f', {item}' if item else ''}", due=tenths > self._tenths)
        self._tenths = tenths

    def tell(self, line: str, *, due: bool = False) -> None:
        """Show where it is; `due` now, wherever that is."""
        if self._session.quiet or line == self._last:
            return
        if self._redraws:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        elif due or time.monotonic() - self._spoke >= SPEAK_EVERY_S or not self._last:
            self._session.talk(line)
            self._spoke = time.monotonic()
        self._last = line

    def end(self) -> None:
        """Leave the line."""
        if self._redraws and self._last:
            sys.stderr.write("\n")
