"""Keeps pytest from reading what is Schemathesis's."""

collect_ignore = ["hooks.py"]
