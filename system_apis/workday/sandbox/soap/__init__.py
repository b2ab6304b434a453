"""The SOAP side of the tenant: web services that describe themselves, for integration users with a password."""
