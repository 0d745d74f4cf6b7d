"""The routes of an app, and how each of them is verified: plain values, which commands and the doctor read.

What is told here are the settings and the code. Nobody is called, and no request is made.

Each framework's own edge makes them: ``starlette/listing.py`` (FastAPI too), ``flask/listing.py``,
``django/listing.py`` and ``aiohttp.py`` beside this.
"""

from .route import Route, Verification
from .suspects import suspicion

__all__ = ["Route", "Verification", "suspicion"]
