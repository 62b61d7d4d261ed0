"""After writing: does the server take the new settings? Its log is read, and nothing else."""
