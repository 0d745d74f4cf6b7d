"""What ``--inbox`` names; its database is in memory."""

from sqlalchemy import MetaData, create_engine

from qstash_integrations.sqlalchemy import Inbox

metadata = MetaData()
engine = create_engine("sqlite://")
inbox = Inbox(metadata, engine=engine)
elsewhere = Inbox(MetaData())
