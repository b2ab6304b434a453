"""What happened: audit trail, log of events, everything about one id. Reads alone."""
