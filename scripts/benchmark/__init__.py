"""``parley benchmark``: each thing measured has a module of its own. The command is in ``command``."""
