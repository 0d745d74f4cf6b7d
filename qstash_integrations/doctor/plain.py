"""Texts without what a URL in them may hide: a user with a password, a query, a fragment. Pure."""

import re

_USER = re.compile(r"(?<=://)[^\s/@'\"]*@")
_QUERY = re.compile(r"(?P<url>https?://[^\s?#'\",;)]*)[?#][^\s'\",;)]*", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """With ``?...`` for a query, and without a user."""
    return _QUERY.sub(r"\g<url>?...", _USER.sub("", text))
