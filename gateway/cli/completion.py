"""`ledgerway completion`: what a shell needs to complete commands and options."""

import sys
from typing import Literal

from gateway.cli.exits import Exit
from gateway.cli.session import Asked


def completion(shell: Literal["bash", "zsh", "fish"], /, *, session: Asked) -> Exit:
    """Print a completion script.

    bash: `ledgerway completion bash > ~/.local/share/bash-completion/completions/ledgerway`

    zsh: `ledgerway completion zsh > "${fpath[1]}/_ledgerway"`, then start a new shell.

    fish: `ledgerway completion fish > ~/.config/fish/completions/ledgerway.fish`

    Example: `ledgerway completion bash > ~/.local/share/bash-completion/completions/ledgerway`

    Parameters
    ----------
    shell
        Which shell.
    """
    from gateway.cli.root import whole

    sys.stdout.write(whole().generate_completion(prog_name="ledgerway", shell=shell).rstrip("\n") + "\n")
    return Exit.DONE
