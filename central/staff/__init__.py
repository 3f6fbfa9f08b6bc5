"""Who works at the mall's desks: their accounts, and how they sign in to central's pages."""
