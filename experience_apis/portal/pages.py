"""Every page of the portal. A page is a module with its handlers; see docs/adding-a-page.md."""

from experience_apis.portal import billing, billing_actions, billing_item, billing_waiting, search, shell

HANDLERS = (
    *shell.HANDLERS,
    *billing.HANDLERS,
    *billing_item.HANDLERS,
    *billing_actions.HANDLERS,
    *billing_waiting.HANDLERS,
    *search.HANDLERS,
)
