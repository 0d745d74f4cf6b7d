"""Schedules as code: what differs between the code and QStash, and what makes them alike."""
