"""Shows what breaks the rules of the house, and counts the escapes; `--escapes` lists them. Exit code 1 when something breaks."""

import sys
from collections import Counter

from tests.contract.house.all_rules import RULES, all_escapes, everything_broken


def main() -> int:
    """Print and count."""
    broken, escapes = everything_broken(), all_escapes()
    print("".join(f"{finding} [{rule}]\n" for rule, finding in broken), end="")
    if "--escapes" in sys.argv:
        for escape in escapes:
            print(f"{escape.path}:{escape.line}: {escape.rule}: {escape.reason}")
    counted = ", ".join(f"{rule} {count}" for rule, count in sorted(Counter(e.rule for e in escapes).items()))
    print(f"House rules: {len(RULES)} rules, {len(broken)} broken; {len(escapes)} escapes ({counted}).")
    return 1 if broken else 0


sys.exit(main())
