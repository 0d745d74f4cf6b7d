"""What is wrong with a setting before anything is known of its kind."""

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
