"""What texts look like, and how that is said to people who wrote one that does not.

Patterns mean the same to Python and to ECMA 262: no \\s, and what ends in $ does not end before a line feed.
"""

REF = r"^[a-z0-9][a-z0-9._-]*:[a-z0-9_-]+:[^\x00-\x20\x7f-\xa0]+$(?!\n)"
ID = r"^[A-Za-z0-9][A-Za-z0-9_-]*$(?!\n)"
NOT_BLANK = r"[^\x00-\x20\x7f-\xa0]"
# One line, not blank: blanks of any script, then something to see, then anything but control characters.
NAME = (
    r"^[ \xa0\u1680\u2000-\u200b\u202f\u205f\u3000]*"
    r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)"
)
COUNTRY = "^[A-Z]{2}$"
CURRENCY = "^[A-Z]{3}$"

_SAID = {
    REF: "write system:kind:id, for example salesforce:deal:0065e00000B2204AAC",
    ID: "write letters, digits, - and _ only",
    NOT_BLANK: "write something that is not blank",
    NAME: "write one line that is not blank, without control characters",
    COUNTRY: "write two capital letters, for example DE",
    CURRENCY: "write three capital letters, for example EUR",
}


def said(pattern: str) -> str:
    """The form a text should have, in words where there are some."""
    return _SAID.get(pattern, f"does not match {pattern}")
