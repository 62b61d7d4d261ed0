"""Every sentence in the operator's language, and text from outside made fit to be shown."""
