"""What one paper says: its kind, shop, numbers and time beside the settled amount."""
