"""The way in: from the head of a request to a verified delivery. Imports nothing of ``publishing``."""
