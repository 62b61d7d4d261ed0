"""German beside English: every sentence is marked, and every marked one is translated."""
