"""What ``--outbox`` names; its database is what SHOP says."""

import os

from sqlalchemy import MetaData, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from qstash_integrations.sqlalchemy import Outbox

outbox = Outbox(MetaData(), engine=lambda: create_engine(os.environ["SHOP"]), keep="7d")
of_loops = Outbox(MetaData(), engine=lambda: create_async_engine(os.environ["SHOP_OF_LOOPS"]))
