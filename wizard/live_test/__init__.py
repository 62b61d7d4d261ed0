"""The live test: predicts, stage by stage, what the server will meet with its SMTP settings.

Start at :func:`wizard.probe.live.probe`; :mod:`wizard.probe.events` is what it yields, and
:mod:`wizard.probe.evidence` makes something to hand on of the report.
"""
