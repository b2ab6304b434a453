"""SuiteQL text -> tokens."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from system_apis.netsuite.sandbox.errors import bad_query

Kind = Literal["word", "quoted", "text", "number", "sign", "end"]
LONGEST_STATEMENT = 100_000

_TOKEN = re.compile(
    r"""\s+ | --[^\n]* | /\*.*?\*/
    | (?P<text>'(?:[^']|'')*') | (?P<quoted>"[^"]+") | (?P<number>\d+(?:\.\d+)?|\.\d+)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*) | (?P<sign><>|!=|<=|>=|\|\||[=<>+\-*/(),.?])""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """`text` is folded to lower case for words only; a string literal comes without its quotes."""

    kind: Kind
    text: str


def _read(statement: str) -> Iterator[Token]:
    at = 0
    while at < len(statement):
        found = _TOKEN.match(statement, at)
        if found is None:
            raise bad_query(f"Unexpected character '{statement[at]}' at position {at + 1}.")
        at = found.end()
        match found.lastgroup:
            case "text":
                yield Token("text", found.group()[1:-1].replace("''", "'"))
            case "quoted":
                yield Token("quoted", found.group()[1:-1])
            case "word":
                yield Token("word", found.group().lower())
            case "number":
                yield Token("number", found.group())
            case "sign":
                yield Token("sign", found.group())
    yield Token("end", "")


def tokens(statement: str) -> list[Token]:
    """The statement's tokens, closed by an `end`."""
    if len(statement) > LONGEST_STATEMENT:
        raise bad_query("The statement is too long.")
    return list(_read(statement))
