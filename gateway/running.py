"""Runs a server role to its end, and makes an exit code of what keeps it from starting."""

from collections.abc import Coroutine

import uvloop

from contracts.problems import StoreAway
from runtime import telemetry
from runtime.settings import SettingsError
from runtime.sockets import CannotListen


def until_stopped(serving: Coroutine[None, None, None]) -> int:
    """0 once it was stopped, 2 when it cannot start as configured, 6 when its port is taken, 7 when the database cannot be had."""
    try:
        uvloop.run(serving)
    except (SettingsError, ValueError) as error:
        telemetry.log.error("role.refused", detail=str(error))
        return 2
    except CannotListen as error:
        telemetry.log.error("role.refused", detail=str(error))
        return error.exit_code
    except StoreAway as error:
        telemetry.log.error("role.refused", detail=error.detail)
        return 7
    except OSError as error:
        if error.filename is None:
            raise
        telemetry.log.error("role.refused", detail=f"{error.filename}: {error.strerror}")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0
