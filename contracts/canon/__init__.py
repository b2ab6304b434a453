"""Canon: vendor-neutral structs of the business, one idea a file."""
