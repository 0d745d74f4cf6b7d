"""The way out: from a message to an API call and its result. Imports nothing of ``receiving``."""
