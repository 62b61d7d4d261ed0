"""The flow of the wizard and its text, for any surface."""
