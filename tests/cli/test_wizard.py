"""The wizard's own options, before anything is on the screen."""

from __future__ import annotations

from pathlib import Path

from wizard.cli.parser import parse_arguments
from wizard.cli.wizard_command import open_session


def test_env_file_belongs_to_the_config_toml_it_was_given_for(tmp_path: Path) -> None:
    """Another config.toml, chosen on the screen, has a secret of its own."""
    first, other = tmp_path / "first" / "config.toml", tmp_path / "other" / "config.toml"
    env_file = tmp_path / "first" / "secrets.env"
    for path in (first, other):
        path.parent.mkdir()
        path.write_text("")
    session = open_session(parse_arguments(["-c", str(first), "--env-file", str(env_file)]))
    assert session.open is not None
    assert session.current.layout.env_file == env_file
    chosen = session.open(other)
    assert chosen.current.layout.env_file == other.parent / ".env"
    assert chosen.layout_of(other) == chosen.current.layout
    assert chosen.open is not None
    assert chosen.open(first).current.layout.env_file == env_file
