"""The framework-free core: verifying what QStash sends and publishing to it.

No module here does I/O except ``client``; none imports a framework.
"""
