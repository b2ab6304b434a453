"""Every page of the portal. A page is a module with its handlers; see docs/adding-a-page.md."""

from experience_apis.portal import (
    billing,
    billing_actions,
    billing_entries,
    billing_item,
    billing_waiting,
    billing_waivers,
    exceptions,
    held,
    search,
    shell,
)

HANDLERS = tuple(
    handler
    for page in (
        shell,
        billing,
        billing_item,
        billing_actions,
        billing_waiting,
        billing_waivers,
        billing_entries,
        exceptions,
        held,
        search,
    )
    for handler in page.HANDLERS
)
