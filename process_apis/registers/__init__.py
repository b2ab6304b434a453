"""What the hub itself owns: SQL in, canon out, inside the unit of work a caller hands over."""
