"""The same webhook four times in each framework: ``bare``, ``ours``, ``official`` and ``floor``.

``official`` is what its documentation has people write: the receiver called in the handler. ``floor`` hashes and parses
there and checks nothing. Each answers a genuine request with the length of its body; the bare one and the floor, any
request. Each is the only route of its app, at a path of its own name.
"""
