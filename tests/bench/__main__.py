"""`python -m tests.bench [NAME ...] [--write]`: measure, print every figure with its goal and baseline; `--write` makes a new baseline.

Names are those of the files `bench_NAME.py`; none means all. The exit code says nothing about goals: a busy machine is no failure.
"""

import importlib
import sys
from pathlib import Path

import msgspec

from tests.bench.figures import Figure

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"


def main(arguments: list[str]) -> int:
    """Run benchmarks."""
    known = [path.stem.removeprefix("bench_") for path in sorted(HERE.glob("bench_*.py"))]
    names = [one for one in arguments if one != "--write"] or known
    if unknown := sorted(set(names) - set(known)):
        print(f"There is no benchmark {unknown[0]}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    baseline = msgspec.json.decode(BASELINE.read_bytes(), type=dict[str, Figure]) if BASELINE.exists() else {}
    for name in names:
        for figure in importlib.import_module(f"tests.bench.bench_{name}").measure():
            before = baseline.get(figure.name)
            print(figure.line(None if before is None else before.value), flush=True)
            baseline[figure.name] = figure
    if "--write" in arguments:
        BASELINE.write_bytes(msgspec.json.format(msgspec.json.encode(baseline, order="sorted"), indent=2) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
