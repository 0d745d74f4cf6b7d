"""The same webhook three times in each framework: ``bare``, ``ours`` and ``official``.

``official`` is what its documentation has people write: the receiver called in the handler. Each answers a genuine
request with the length of its body; the bare one, any request. In Starlette there is ``floor`` as well, which hashes
and parses and checks nothing. Each is at a path of its own name.
"""
