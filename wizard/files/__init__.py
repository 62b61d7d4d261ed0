"""Reading and writing the few files the wizard edits.

A file is replaced in one step where that is possible, and written in place elsewhere. Owner,
group, mode, access control lists and a symbolic link to the file are kept, and a file that
changed since it was read is never overwritten.
"""
