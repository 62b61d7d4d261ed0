"""The wizard on the full screen; the only room that imports textual."""
