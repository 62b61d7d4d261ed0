"""From a mail address to suggested settings, and what is known about providers.

What leaves this machine, and only while :func:`wizard.discovery.search.discover` runs: names made
of the domain of the address, to the DNS (MX and SRV records, addresses); a request for a public
file to the web servers of that domain, by HTTPS only; and TCP connections, on which nothing is
sent, to names like ``smtp.`` and ``mail.`` below it. The part before the @ is never sent, and a
provider known by its domain is found without any network. Mozilla's directory, a third party, is
queried only by :func:`wizard.discovery.search.ask_directory`, on the operator's request.
"""
