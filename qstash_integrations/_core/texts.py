"""Texts of others: a setting before anything is known of its kind, and what a terminal may be shown."""

from collections.abc import Sequence
from typing import Any, cast

# Classes that are texts in other clothes, and whose they are.
_LIBRARIES = ("pydantic", "pydantic_core", "starlette", "yarl", "httpx")
_CLOTHES = ("URL", "Url", "_BaseUrl", "Secret", "CommaSeparatedStrings")
_QUOTES = ("'", '"')


def problem_of_text(value: object) -> str | None:
    """The rest of a sentence that begins with the setting's name; None for a text without quotes around it."""
    if not isinstance(value, str):
        return f"must be a text, not {type(value).__name__}"
    bare = value.strip()
    if bare.startswith(_QUOTES) or bare.endswith(_QUOTES):
        return (
            "has quotes around its value; write it without them, since docker --env-file, for one, does not remove them"
        )
    return None


def plain(value: Any) -> Any:
    """The text in a ``SecretStr`` or a URL object, and the texts in a list of them; anything else as it is."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [plain(part) for part in cast("list[object]", value)]
    reveal = getattr(value, "get_secret_value", None)
    if reveal is not None:
        return reveal()
    if not any(
        kind.__name__ in _CLOTHES and kind.__module__.partition(".")[0] in _LIBRARIES for kind in type(value).__mro__
    ):
        return value
    # Such an object writes the origin alone as https://api.example.com/
    return list(cast("Sequence[object]", value)) if isinstance(value, Sequence) else str(value).removesuffix("/")


def printable(text: str) -> str:
    """Nothing in it moves the cursor, changes colours or reverses what stands around it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
