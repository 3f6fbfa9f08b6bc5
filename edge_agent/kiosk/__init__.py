"""A kiosk: members see their points and redeem them. Its rules are in `machine`."""
