"""The same small shop in four frameworks: orders go through QStash, and a verified webhook ships them."""
