"""Writing all or nothing, through a crash as well, and taking it back."""
