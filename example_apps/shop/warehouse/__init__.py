"""Stands in for the company that packs. It has an API, takes an order as often as it comes, and packs it once."""
