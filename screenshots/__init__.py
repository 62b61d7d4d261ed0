"""The pictures of the wizard, and the script that makes them."""
