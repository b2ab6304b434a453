"""Every page of the portal. A page is a module with its handlers; see docs/adding-a-page.md."""

from experience_apis.portal import billing, shell

HANDLERS = (*shell.HANDLERS, *billing.HANDLERS)
