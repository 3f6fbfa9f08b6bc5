"""What stands between a member's points and the goods: leases, vouchers, coupons, payments."""
