"""The account form, from the empty screen to the written files, on whichever surface draws it."""
