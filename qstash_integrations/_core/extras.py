"""What an adapter needs installed, said with the extra that brings it."""

from importlib import import_module


def need(module: str, extra: str) -> None:
    """ImportError that names the extra where ``module`` is not installed; what fails within it passes through."""
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ModuleNotFoundError(
            f"qstash_integrations.{extra} needs {module}; install it with: pip install 'qstash_integrations[{extra}]'",
            name=module,
        ) from error
