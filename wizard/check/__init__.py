"""Rules and warnings, as pure functions of one inspection of a server's configuration."""
