"""What the simulated mall offers: its rule book, its activities, its rewards."""
