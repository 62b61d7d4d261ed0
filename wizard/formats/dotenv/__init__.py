"""``.env``: one variable in it, written so that every reader reads it alike."""
