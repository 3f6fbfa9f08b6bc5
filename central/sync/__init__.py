"""The API that agents speak to: enrolment, push, pull, leases, vouchers, claims, balances."""
