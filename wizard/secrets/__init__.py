"""Where the secret is kept: stores behind one protocol, and the way from each to the server.

The server itself reads nothing but its environment and ``.env``; from every other store, the
command ``exec`` is the bridge.
"""
