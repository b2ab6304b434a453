"""The exception catalogue (section 6, and the codes of 4f) as a table: data only, read by `exceptions`.

An entry has two lines: code, severity (B blocking, W warning) with owner role and SLA in business hours, the steps it
resumes, its meaning; then suggested fixes and what resolves it by itself. `-` is none.
"""

TABLE = """
# Deal to project (4a) and staffing (4b)
DEAL_INCOMPLETE | B SO 8 | 4a.1 | a won deal lacks signed document, amount, entity or roles profile (OPP-1)
  complete deal; attach signed document | OPP-1 true
CUSTOMER_MATCH_REVIEW | B DS 4 | 4a.2 | customer match scores 0.75 to 0.92, or two candidates match
  link to existing; create new | link stored
ENTITY_INVALID | B FC 8 | 4a.3 | entity inactive or not allowed for customer country
  choose entity; activate | entity valid
CONTRACT_INVALID | B BM 8 | 4a.4 | a contract or line invariant is broken (CTR, CTL)
  correct terms | invariants hold
CONTRACT_MISMATCH | B BM 8 | 4i | an executed term differs between hub and PSA, ERP or billing
  resync; change order | compare equal
PROJECT_TEMPLATE_MISSING | B PM 8 | 4a.5 | no template for service line/country
  assign template | template found
BILLING_TERMS_MISSING | B BM 8 | 4a.9 | project ready/active without billable line, schedule or resolvable rate
  complete terms | terms complete
XREF_MISSING | B IS 4 | failed step | required cross reference absent for 15 min
  re-run provisioning; link manually | xref exists
COST_CENTER_UNMAPPED | B FC 8 | 4c.2, 4d | no cost center mapping for key and date (CCM-1)
  add mapping | row active
CONTRACTOR_PO_MISSING | B AP 16 | 4b | hard booking of contractor without PO line
  issue PO; soft-book | PO line active
RESOURCE_STALE | W HR 8 | 4b | HCM data older than 24 h
  re-sync | refreshed
RESOURCE_UNKNOWN | B DS 8 | 4o | no HCM identity for a source person
  link identity | linked
OVERBOOK_WARN | W RM 8 | 4b.3 | hard bookings exceed capacity by up to 10 %, or the week still fits (BOOK-2, BOOK-3)
  move; split; override with reason | over = 0
OVERBOOK_BLOCK | B RM 4 | 4b.3 | hard bookings exceed capacity by more than 10 %, also over the week (BOOK-2, BOOK-3)
  move; split; override with reason | over = 0
NOT_ASSIGNED | W PM 16 | - | time without assignment on that date
  add assignment; confirm | assignment exists
FORECAST_STALE | W IS 2 | 4b.4 | assignment changed, forecast not updated in 15 min
  replay | newer forecast
# Time to workbench (4c)
PROJECT_CODE_INVALID | B PM 8 | 4c.2 | code unknown, closed or not chargeable in a target
  recode; reopen task; resync | code valid
PROJECT_STATUS_INVALID | B PM 8 | 4c.2, 4f | the project state does not accept time or billing
  change status; recode | state accepts
DATE_OUT_OF_RANGE | B PM 8 | 4c.2 | service date outside project, task, resource, PO range
  extend range; correct date | inside range
CONTRACT_LINE_UNRESOLVED | B BM 8 | 4c.2 | zero or several lines match (CTL-5)
  map task; fix overlap | exactly one
CONTRACT_NOT_ACTIVE | B BM 8 | 4c.2, 4f | contract state or date does not allow the work
  activate; amend | allowed
TIME_QTY_INVALID | B PM 8 | 4c.2 | hours are not above 0 and at most 24 per entry and day (TME-1)
  correct entry | corrected version
BILLABLE_QTY_INVALID | B PM 8 | 4c.4 | billable quantity is negative, or above recorded without a reason (BILL-4)
  correct; give reason | valid
TIME_RETRO_LIMIT | B FC 16 | 4c.2 | service date older than 60 days
  approve; reject | approved
DESCRIPTION_MISSING | B PM 8 | 4c.2 | contract requires narrative
  add text | text present
DUPLICATE_SUSPECTED | B BA 8 | 4c.1 | same content under another id (4c.1)
  confirm distinct; void one | one void or confirmed
TIME_UNAPPROVED | B PM 8 | 4f | submitted billable time not decided 2 business days after period end
  approve; reject; delegate | decided
TIME_MISSING | W PM 8 | 4f | expected timesheet absent at deadline + 4 h
  submit; mark leave | submitted
TIME_POSTING_LATE | W IS 2 | 4c.6 | approved entry not queued within 60 minutes
  retry; check ERP | queued
RATE_MISSING | B BM 8 | 4c.4, 4a.4 | no rate line fits (RATE-6)
  add line; override once | line eligible
RATE_EXPIRED | B BM 8 | 4c.4 | the only fitting rate line ended before the service date (RATE-6)
  extend by new version | line eligible
RATE_OVERLAP | B DS 8 | 4c.4 | two rate lines fit equally well (RATE-4, RTE-2)
  correct ranges | unique
COST_RATE_MISSING | B FC 8 | 4c.4 | cost_plus without cost rate
  load cost rate | present
ZERO_RATE | W BM 16 | - | resolved rate 0
  confirm complimentary | confirmed
FX_MISSING | B FC 4 | 4c.4, 4d, 4f | no exchange rate within its age limit (FX-4)
  load rate | quote found
RERATE_WINDOW | W BM 24 | 4c IMP | a rate change reaches back beyond the re-rating window (IMP-2)
  approve; decline | decided
INVOICE_LOCKED | B BM 8 | 4c IMP | a change or correction touches a line of a locked invoice (IMP-6)
  un-approve draft; wait for posting | invoice leaves lock
ALREADY_INVOICED | B BM 8 | 4c | void of invoiced entry
  credit first | credited
CAP_OVERAGE_HELD | W PM 24 | 4c.4 | the part of an item above a cap is held (CAP-4 split)
  change order; write-off; move line | headroom or decision
CAP_EXCEEDED | B PM 16 | 4c.4 | an item does not fit under a cap (CAP-4 block_entry)
  change order; non-billable | headroom
CAP_SOFT_EXCEEDED | W PM 24 | - | an item exceeds a soft cap and is billed (CAP-4 warn)
  inform client | -
CAP_BELOW_CONSUMED | W BM 24 | - | a cap was set below what is consumed (CO-3)
  credit; amend | consumed <= cap
ERP_REJECTED | B BA 8 | 4c.6 | ERP refuses a transaction line
  fix per ERP reason; re-post | accepted
# Expenses (4d), milestones (4e), tax
EXP_CATEGORY_UNMAPPED | B BA 8 | 4d.2 | no expense rule for the category (EXP-1)
  map category | rule exists
EXP_RECEIPT_MISSING | B PM 16 | 4d.3 | a required receipt is not attached (EXP-2)
  attach; approve exception | receipt
EXP_DISBURSEMENT_MARKUP | B BM 8 | 4d.3 | a disbursement meets a rule other than at cost (EXP-3)
  change rule or flag | consistent
EXP_DUPLICATE | B BA 8 | 4d.1 | same resource, date, merchant, gross and currency as another item (EXI-2)
  confirm; void | decided
EXP_LATE | W PM 16 | - | expense older than 90 days
  approve; absorb | decided
EXP_OVER_LIMIT | W PM 16 | - | expense above the limit of its rule; the excess is not billed (EXP-4)
  approve; absorb | decided
MILESTONE_NOT_ACCEPTED | B PM 16 | 4e.2 | no acceptance 5 business days after completion
  obtain acceptance | accepted
MILESTONE_OVER_VALUE | B BM 8 | 4e.3 | billed milestones would exceed the line value (MS-1)
  change order | within value
MILESTONE_SUM_MISMATCH | B BM 8 | 4a, 4g | milestone percentages do not total 100 (MS-4)
  fix percentages | 100 %
TAX_NOT_DETERMINED | B TS 8 | 4a.3, 4f | no tax treatment could be determined
  complete data | determined
TAX_ID_MISSING | B TS 8 | 4f | reverse charge needs a valid tax id (TAX-6)
  validate id | determined
TAX_CERT_EXPIRED | B TS 8 | 4f | the exemption certificate is not valid on the tax date (TAX-2)
  renew | determined
TAX_RATE_MISSING | B TS 8 | 4f | no standard rate for country and tax date (TAX-4)
  load rate | determined
# Readiness to posted invoice (4f), periods
SPLIT_NOT_100 | B BM 8 | 4f.2 | customer split does not total 100 %, or has not exactly one rounding customer (CTR-3)
  correct split | 100 %
READINESS_REGRESSED | B BA 4 | 4f.4 | blocking check failed after drafting
  fix; re-draft | not blocked
APPROVAL_LIMIT | B FC 8 | 4f.3 | approver limit or write-down limit exceeded
  escalate approval | approved
INVOICE_TOTAL_MISMATCH | B IS 2 | 4f.6 | ERP totals differ from the draft at posting (REC-05)
  inspect tax/rounding; credit and re-post | equal
POSTING_FAILED | B IS 2 | 4f.5 | the ERP refused the invoice
  fix and retry same key | posted
POSTING_TIMEOUT | B IS 2 | 4f.5 | no answer from the ERP within 30 minutes
  query by key | posted
PERIOD_CLOSED | B FC 4 | 4c.5, 4f | no open period (POST-1) or invoice date closed
  open period; other date | open period
# Change orders, suppliers, master data, payroll, revenue, control (4g to 4o)
CO_APPLY_FAILED | B IS 4 | 4g.4 | one baseline not written
  retry; compensate | both written
VENDOR_ONBOARDING_STALLED | B AP 16 | 4h.2 | vendor onboarding without progress for 5 business days
  chase | complete
DOCUMENT_EXPIRED | B AP 16 | 4h.2 | a compliance document of a vendor has expired
  renew | complete
VENDOR_INVOICE_MISMATCH | B PM 16 | 4h.6 | vendor invoice lines differ from accruals beyond tolerance (REC-12)
  match; dispute | matched
VENDOR_COST_UNMATCHED | W PM 16 | 4h.6 | vendor accruals of the group have no matched invoice
  match; dispute | matched
VENDOR_NOT_CONFIRMED | W PM 24 | 4h.8 | the project manager has not confirmed the vendor invoice (PWP-1)
  confirm | condition met
PWP_WAITING | W AP 24 | 4h.8 | vendor release waits for the client payment (PWP-3, PWP-4)
  confirm payment; override | condition met
MDM_CONFLICT | B DS 8 | 4i.5 | replica differs from authority after sync
  re-propagate; correct authority | equal
VERSION_CONFLICT | W IS 4 | step | stale version write
  re-read; re-apply | applied
PAYROLL_TOTAL_MISMATCH | B PY 4 | 4j.2 | payroll file or allocation does not equal its control total (REC-09)
  new file | equal
ETC_STALE | W PM 16 | 4k | estimate to complete older than 35 days
  update ETC | updated
LOSS_CONTRACT | W FC 16 | 4k | a line is expected to lose money
  provision review | updated
RECON_VARIANCE | B FC 8 | 4m, 4f | a reconciliation control is breached
  drill-down; correct; explain | next run not breached
COEX_ITEM_NOT_MIGRATED | B FC 8 | 4n | the referenced open item was not migrated (COEX-3)
  migrate item; post manually | migrated
MAP_UNMAPPED | B IS 8 | 4o | a value of a mapped source has no mapping (MAP-1)
  extend mapping | mapped
ADAPTER_SCHEMA_DRIFT | B IS 4 | 4o | the schema of a source changed
  extend mapping | mapped
# Machinery
SCHEMA_INVALID | B IS 2 | consumer | a payload does not fit its schema
  fix producer; replay | replayed
EVENT_DEAD_LETTERED | B IS 2 | consumer | an event failed 5 times (EVT-6)
  fix producer; replay | replayed
SYSTEM_UNAVAILABLE | B IS 2 | waiting step | endpoint failing after retries
  wait; fail over | health check ok 3 times
COMPENSATION_FAILED | B IS 4 | workflow | a compensation could not run (WF-4)
  manual repair with checklist | confirmed
# Codes that exist only as readiness checks (4f)
CUSTOMER_INCOMPLETE | B DS 8 | 4f | the customer is not active or its address is incomplete
  complete ERP master data | check passes
CUSTOMER_ON_HOLD | B FC 16 | 4f | the customer is on billing hold
  FC lifts the hold | check passes
CREDIT_HOLD | W CA 16 | 4f | the customer is on credit hold
  CA lifts the hold | check passes
PO_MISSING | B BA 16 | 4f | the contract requires a purchase order and none is recorded
  record PO | check passes
PO_EXPIRED | B BA 16 | 4f | the purchase order expires before the invoice date
  new PO; extension | check passes
PO_INSUFFICIENT | B BA 16 | 4f | the draft exceeds what the purchase order has left
  PO increase; split | check passes
TERMS_MISSING | B BM 8 | 4f | no payment terms
  set terms in ERP | check passes
CHANGE_ORDER_PENDING | W PM 16 | 4f | a change order effective by the period end is not applied
  apply; reject | check passes
EXP_UNAPPROVED | W PM 8 | 4f | expenses of the group await approval
  approve | check passes
TXN_UNRATED | B BA 8 | 4f | transactions of the group are not rated
  fix and re-rate | check passes
CAP_OVERAGE | W PM 24 | 4f | overage above a cap is held
  change order; write-off | check passes
OPEN_EXCEPTION | B BA 8 | 4f | blocking exceptions are open
  resolve | check passes
PRIOR_INVOICE_OPEN | W BA 8 | 4f | the prior invoice is not posted
  post prior | check passes
RETAINER_UNAVAILABLE | B BA 8 | 4f | the retainer invoice is not posted
  post retainer invoice | check passes
RETAINER_LOW | W BA 16 | 4f | the retainer balance is below its threshold
  top up | check passes
NET_NOT_POSITIVE | B BA 8 | 4f | the draft nets to zero or less
  issue as credit note | check passes
BELOW_MINIMUM | W BA 16 | 4f | the draft is below the minimum invoice amount
  roll over; accept | check passes
MARGIN_LOW | W DL 24 | 4f | the margin is below its threshold
  DL acknowledges | check passes
"""
