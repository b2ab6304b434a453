"""Whether a server can listen at an address, found the way servers do: by trying."""

import errno
import socket

TAKEN = 6


class CannotListen(Exception):
    """The message says why, and what to do; `exit_code` what a command ends with: TAKEN, or 2 where it never can."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def try_to_listen(host: str, port: int, name: str) -> None:
    """Listens for a moment; `name` is who wants to. Raises CannotListen."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        socket.create_server(address, family=family).close()
    except OSError as error:
        raise _explained(error, host, port, name) from error


def _explained(error: OSError, host: str, port: int, name: str) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        taken = f"Port {port} ({name}) is taken by another program. Stop it, or use another port: --port 9000."
        return CannotListen(taken, TAKEN)
    if error.errno == errno.EACCES:
        return CannotListen(f"Port {port} ({name}) is not for this account. Use one from 1024 to 65535: --port 9000.")
    why = str(error.strerror).partition(" (while")[0]  # the address is named here already
    return CannotListen(f"{name} cannot listen at {host}:{port}: {why}.")
