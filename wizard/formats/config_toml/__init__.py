"""config.toml: what is known of it, and the changes that the wizard makes to it."""
