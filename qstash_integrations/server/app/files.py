"""How many files the process may open: every connection is one."""

OTHERS = 64
"""What the database, the event loop and whatever else the process does may take."""


def affordable(wanted: int) -> int:
    """As many connections as are wanted, or a third of what is left: clients, attempts and what is just closing."""
    try:
        import resource
    except ImportError:
        return wanted
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if most == resource.RLIM_INFINITY else min(wanted, max((most - OTHERS) // 3, 8))
