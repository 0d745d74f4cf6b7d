"""What customers see: products, orders, and what becomes of them."""
