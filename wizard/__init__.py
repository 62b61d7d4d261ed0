"""smtp-wizard: set up, test and write the SMTP settings of BOMnipotent Server."""

__version__ = "0.1.0"
