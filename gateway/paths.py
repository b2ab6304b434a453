"""One form of a path, made once: routing, authorisation and audit see nothing else (RFC 3986 section 6.2.2)."""

import re
from urllib.parse import unquote

from contracts.problems import InvalidRequest, NotFound

EVERYTHING = "*"
"""The target of a question about the server as a whole (RFC 9110 section 9.3.7)."""
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)+\Z")
_LEGAL = re.compile(rb"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*\Z")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normalised(raw: bytes) -> str:
    """Without dot segments and trailing slash; unreserved characters plain, other escapes in upper case; `*` stays.

    Raises InvalidRequest for what is no path.
    """
    if _PLAIN.match(raw):
        return raw.decode("ascii")
    if raw == EVERYTHING.encode():
        return EVERYTHING
    if not _LEGAL.match(raw):
        raise InvalidRequest("The path is not percent-encoded.")
    return _without_dots(_ESCAPE.sub(_plain_if_unreserved, raw.decode("ascii")))


def _plain_if_unreserved(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path[1:].split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    while len(kept) > 1 and kept[-1] == "":
        kept.pop()
    return "/" + "/".join(kept)


def decoded(segment: str) -> str:
    """The text of one segment. Raises InvalidRequest when it is not UTF-8, NotFound for NUL, which no name contains."""
    try:
        text = unquote(segment, errors="strict") if "%" in segment else segment
    except UnicodeDecodeError as error:
        raise InvalidRequest("The path is not UTF-8.") from error
    if "\x00" in text:
        raise NotFound("No name contains a NUL character.")
    return text
