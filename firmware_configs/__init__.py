"""Device profiles, as package data: one TOML per printer or scanner model."""
