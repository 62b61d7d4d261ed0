"""TOML as text: statements that tile the source, and splices that leave the rest alone."""
