"""Extra ``redis``: a store by URL connects with redis-py; where no server answers it says so and claims nothing."""

from contextlib import closing

import redis

from qstash_integrations.once import RedisStore, Run

with closing(RedisStore("redis://127.0.0.1:9/0")) as store:
    try:
        store.claim(Run(message="a" * 64, token="b" * 64, holder="a run", token_ttl=60))
    except redis.ConnectionError:
        pass
    else:
        raise AssertionError("nobody listens there, and something was claimed")
