"""The live test: predicts, stage by stage, what the server will meet with its SMTP settings.

Start at :func:`wizard.probe.live.probe`; :mod:`wizard.probe.events` is what it yields.
"""
