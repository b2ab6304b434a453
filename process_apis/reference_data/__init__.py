"""Keeps copies of what other systems own: entities, periods, tax codes, rates, cost centers, workers, customers, bookings."""
