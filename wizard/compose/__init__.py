"""What the server's container gets from a compose file."""
