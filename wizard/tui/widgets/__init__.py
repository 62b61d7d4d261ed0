"""Widgets that know how to show something, and nothing of where it lives."""
