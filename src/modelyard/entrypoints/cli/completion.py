"""`modelyard completion`: what makes a shell complete our commands."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a SHELL complete commands, options and names of profiles.

    \b
    bash:  modelyard completion bash > ~/.local/share/bash-completion/completions/modelyard
    zsh:   modelyard completion zsh > ~/.zfunc/_modelyard     (with ~/.zfunc in fpath)
    fish:  modelyard completion fish > ~/.config/fish/completions/modelyard.fish
    """
    from click.shell_completion import get_completion_class

    from modelyard.entrypoints.cli import main

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows the three
    click.echo(kind(main, {}, "modelyard", "_MODELYARD_COMPLETE").source())
