"""The live test: predicts, stage by stage, what the server will meet with its SMTP settings.

Start at :func:`wizard.live_test.run.run_live_test`; :mod:`wizard.live_test.events` is what it
yields, and :mod:`wizard.live_test.evidence` makes a document of the report to hand on.
"""
