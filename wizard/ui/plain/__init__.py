"""The wizard line by line: nothing but text and line ends, for any terminal and any reader."""
