"""What another account tries, to make root read or write what is not for it."""
