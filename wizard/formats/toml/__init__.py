"""TOML as text: statements that cover the source, and edits that change nothing else."""
