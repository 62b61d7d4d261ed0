"""The embedded mail server of ``smtp-wizard demo``, and the network that leads to it."""
