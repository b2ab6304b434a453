"""The reference page of the command line: what the help says, command by command. `python -m gateway.cli.reference` prints it."""

import io
import sys
from collections.abc import Iterator

from cyclopts import App

from gateway.cli.root import whole

_WIDTH = 100
_SHARED = "Options of every command:"
_INTRO = """# Command line

For people who type and for scripts. Generated from the help of the commands: `make docs` writes this page.

stdout is data, stderr is talk. Tables have no boxes and name ids in full; a narrow terminal loses columns on the right, a pipe loses
nothing. `--json` prints the API's own object, `--jsonl` one item of a list on each line; a problem goes to stderr as JSON then.

Ctrl-C leaves a run that is followed, never stops it, and says how to follow it again. Long work tells how far it is: on a terminal
one line that is redrawn, elsewhere a line each 5 seconds or 10 %. In live mode a write asks for the tenant's name unless `--yes`
is given. Secrets come from files or standard input, never from an option.

## Exit codes

| Code | Meaning |
|---|---|
| 0 | done |
| 1 | a problem |
| 2 | misuse of the command line |
| 3 | not found |
| 4 | refused |
| 5 | held for a person |
| 6 | conflict |
| 7 | unavailable, try again |
| 8 | partly done |
| 130 | interrupted |

## Profiles

`--profile NAME` reads `~/.config/ledgerway/profiles.toml` (or the file of `LEDGERWAY_PROFILES`):

```toml
[staging]
url = "https://gw.staging.example"
token_file = "~/.staging-token"
tenant = "acme"
mode = "live"
```

A profile may say `url`, `token_file`, `tenant`, `mode` and `state_dir`. Options win over it; the address and token of the
environment are not used with it.
"""


def page() -> str:
    """The whole page."""
    root = whole()
    shared = _help(root.meta, ()).partition(_SHARED)[2].partition("\n\n\n")[0]
    parts = [_INTRO, f"## Options of every command\n\n```text\n{shared.strip(chr(10))}\n```\n"]
    for path in commands(root):
        told = _help(root, path).partition(_SHARED)[0]
        parts.append(f"## ledgerway {' '.join(path)}\n\n```text\n{told.strip(chr(10))}\n```\n")
    return "\n".join(parts)


def commands(app: App, *path: str) -> Iterator[tuple[str, ...]]:
    """Every command there is, groups left out, in the order of the tree."""
    names = [name for name in app if not name.startswith("-")]
    if not names:
        yield path
    for name in names:
        yield from commands(app[name], *path, name)


def _help(app: App, path: tuple[str, ...]) -> str:
    from rich.console import Console

    written = io.StringIO()
    app.help_print(path, console=Console(file=written, width=_WIDTH, color_system=None))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


if __name__ == "__main__":
    sys.stdout.write(page())
