"""The framework-free core: ``receiving`` verifies what QStash sends, ``publishing`` sends to it, ``settings`` says how.

The two towers do not know each other: ``docs/architecture.md``. Nothing here imports a framework; the only I/O is that
of ``publishing/_async`` and ``publishing/_sync``.
"""
