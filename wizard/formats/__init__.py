"""Text to text, without any input or output: config.toml and `.env`."""
