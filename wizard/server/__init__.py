"""How the server is started, and what it makes of what was written."""
