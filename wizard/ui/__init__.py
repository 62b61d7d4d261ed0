"""The steps of the wizard, drawn on the full screen or line by line."""
