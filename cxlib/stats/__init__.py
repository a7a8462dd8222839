"""Statistics on counts, sums and moments: no customer-experience word and no row inside."""
