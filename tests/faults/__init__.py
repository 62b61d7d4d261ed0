"""A save that meets a fault at any of its system calls leaves the old state or the new one."""
