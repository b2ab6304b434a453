"""A local NetSuite account: SuiteTalk REST records, SuiteQL, asynchronous jobs, OAuth 2.0 M2M and token-based sign-in."""

from system_apis.netsuite.sandbox.app import netsuite
from system_apis.netsuite.sandbox.credentials import CERTIFICATE_ID, CLIENT_ID, KEY_FILE, SECRET_FILE, TBA_FILE

__all__ = ["CERTIFICATE_ID", "CLIENT_ID", "KEY_FILE", "SECRET_FILE", "TBA_FILE", "netsuite"]
