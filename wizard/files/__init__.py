"""Reading and writing the few files the wizard edits.

A file is replaced in one step, so that readers see the whole old or the whole new one; where that
cannot be it is written in place. Owner, group, mode, access control lists and a symbolic link to
the file are kept, and a file that changed since it was read is never overwritten.
"""
