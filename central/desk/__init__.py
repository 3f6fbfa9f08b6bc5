"""The service desk: a member's statement, and the printer it comes out of."""
