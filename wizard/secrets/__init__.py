"""Where the secret is kept: the stores, and the way from each of them to the server.

The server itself reads only its environment and ``.env``; from every other store, the command
``exec`` hands the secret over.
"""
