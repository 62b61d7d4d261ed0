"""The wizard on the full screen; the only place that imports textual."""
