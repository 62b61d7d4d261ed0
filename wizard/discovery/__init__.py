"""From the mail address to the settings of its provider.

What leaves this machine, and only while :func:`wizard.discovery.discover.discover` asks: names
made of the domain of the address, to the DNS (MX and SRV records, addresses); a request for a
public file to the web servers of that domain, by HTTPS alone; and a TCP connection without a word
to names like ``smtp.`` and ``mail.`` in front of it. The part before the @ is never sent, no third
party's collection is asked, and a provider known by the domain is found without any network.
"""
