"""A child of the supervisor holds one end of a pipe as its stdin: when the supervisor is gone, killed even, it ends."""

import os
import signal
import threading
import time

from runtime.settings import Settings

GRACE_S = 30


def follow_supervisor(settings: Settings) -> None:
    """Call once at the start of every server process; does nothing outside a supervisor (`supervised` is false).

    The process gets the SIGTERM it would have had; if that does not end it within GRACE_S, it is ended.
    """
    if settings.supervised:
        threading.Thread(target=_wait, name="lifeline", daemon=True).start()


def _wait() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)
