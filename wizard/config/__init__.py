"""What is configured now, and what is to be configured."""
