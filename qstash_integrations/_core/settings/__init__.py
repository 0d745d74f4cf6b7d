"""The QSTASH_* settings: where each is found, what it says, and what is made anew once one has changed."""
