"""What is set in config.toml, and what shall be set."""
