"""Reading and changing config.toml."""
