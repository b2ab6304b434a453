"""Tries every calculator on random and mutated inputs; prints what became of them. Exit code 1 when one is at fault."""

import argparse
import secrets
import sys

from domain.calculators import CALCULATORS
from tests.fuzz.run import fuzz


def main() -> int:
    """Run and print."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--count", type=int, default=100_000, help="inputs per calculator (default 100 000)")
    options.add_argument("--seed", type=int, default=None, help="repeats a run; without it one is drawn and printed")
    options.add_argument(
        "--calculator", action="append", choices=sorted(CALCULATORS), help="only this one; may be repeated"
    )
    given = options.parse_args()
    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    print(f"seed {seed}, {given.count} inputs per calculator")
    faults = sum(_one(name, given.count, seed) for name in given.calculator or sorted(CALCULATORS))
    print(f"{faults} faults, seed {seed}")
    return 1 if faults else 0


def _one(name: str, count: int, seed: int) -> int:
    tally = fuzz(CALCULATORS[name], count, seed)
    slowest = tally.slowest_ns // 1000
    print(f"{name:<22} {tally.outputs:>8} outputs {tally.problems:>8} problems   slowest {slowest:>7} us", flush=True)
    print("".join(f"  {code} {n}" for code, n in tally.codes.most_common(12)))
    for fault in tally.faults:
        print(f"  FAULT {fault}")
    return len(tally.faults)


sys.exit(main())
