"""Every page of the portal. A page is a module with its handlers; see docs/adding-a-page.md."""

from experience_apis.portal import billing, billing_actions, billing_item, search, shell

HANDLERS = (*shell.HANDLERS, *billing.HANDLERS, *billing_item.HANDLERS, *billing_actions.HANDLERS, *search.HANDLERS)
