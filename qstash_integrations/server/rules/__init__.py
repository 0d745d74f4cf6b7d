"""What QStash's documentation lays down, as pure functions: no store, no clock, no HTTP."""
