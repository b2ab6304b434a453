"""Exit codes of the command line, and which problem ends with which."""

from enum import IntEnum


class Exit(IntEnum):
    """What a shell learns. PARTLY: some of several items failed; INTERRUPTED: as a shell counts SIGINT."""

    DONE = 0
    PROBLEM = 1
    MISUSE = 2
    NOT_FOUND = 3
    REFUSED = 4
    HELD = 5
    CONFLICT = 6
    UNAVAILABLE = 7
    PARTLY = 8
    INTERRUPTED = 130


_BY_STATUS = {
    400: Exit.MISUSE,
    401: Exit.REFUSED,
    403: Exit.REFUSED,
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    412: Exit.CONFLICT,
    413: Exit.MISUSE,
    414: Exit.MISUSE,
    428: Exit.CONFLICT,
    429: Exit.UNAVAILABLE,
    503: Exit.UNAVAILABLE,
    504: Exit.UNAVAILABLE,
}
_BY_SLUG = {
    "in-progress": Exit.UNAVAILABLE,
    "invalid-content": Exit.MISUSE,
    "key-reused": Exit.CONFLICT,
}


def exit_of(slug: str, status: int) -> Exit:
    """The code for a problem: its slug decides where one status has two meanings."""
    return _BY_SLUG.get(slug) or _BY_STATUS.get(status, Exit.PROBLEM)
