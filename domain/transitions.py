"""Every state machine of section 3 as a table: data only, read by `states`.

A machine starts with `object starts state`; each line below it is: from states | command | to state (`=` stays) |
event | guard | code a false guard answers with. Trailing columns that are empty are left out; `-` is empty.
"""

TABLE = """
opportunity starts open
  open | advance | open | deal.stage_changed | stage index increases
  open | win | closed_won | deal.closed_won | OPP-1
  open | lose | closed_lost | deal.closed_lost

contract starts draft
  draft | submit | in_review
  in_review | return | draft | - | reason
  in_review | activate | active | contract.activated | signed_on set; CTR/CTL invariants; steward check
  active | amend | active | contract.amended | change order applied; version +1
  active | suspend | suspended | contract.suspended | reason
  suspended | resume | active | contract.resumed
  active | complete | completed | contract.completed | end passed or all deliverables accepted
  active, suspended | terminate | terminated | contract.terminated | notice reference
  completed, terminated | close | closed | contract.closed | WIP = 0; no live draft
  draft, in_review | cancel | cancelled

change_order starts draft
  draft | submit | submitted | change_order.submitted
  submitted | approve | approved | change_order.approved | internally approved; client signed value, cap, rate, schedule
  submitted | reject | rejected | change_order.rejected | reason
  approved | apply | applied | change_order.applied | CHO-1: both baselines written
  draft, submitted | cancel | cancelled

project starts proposed
  proposed | provision | provisioning | - | contract active
  provisioning | provisioned | ready | project.created | all required cross references exist
  provisioning | fail | proposed | - | compensation done
  ready | activate | active | project.activated | contract active; PM set; billing terms and rates resolvable
  active | hold | on_hold | project.on_hold | hold_from set
  on_hold | resume | active | project.resumed
  active, on_hold | begin_close | closing | project.closing
  closing | reopen | active | project.resumed | FC approval
  closing | close | closed | project.closed | no unbilled transaction, open exception, open PO, open draft; WIP = 0
  proposed, ready | cancel | cancelled | project.cancelled | no actuals

demand starts draft
  draft | publish | open | demand.published
  open, partially_filled | propose | proposed | demand.proposed | candidate named
  proposed | decline | open
  open, proposed | fill_part | partially_filled | demand.partially_filled | 0 < hard hours < hours
  open, proposed, partially_filled | fill | filled | demand.filled | hard hours >= hours
  filled | reopen | open | demand.published | assignment cancelled or hours raised
  draft, open, proposed, partially_filled | cancel | cancelled | demand.cancelled

assignment starts proposed
  proposed | soft_book | soft | resource.soft_booked
  proposed, soft | hard_book | hard | resource.assigned | no OVERBOOK_BLOCK or RM override; RES-1 | OVERBOOK_BLOCK
  hard | change | hard | resource.assignment_changed | same checks as hard_book | OVERBOOK_BLOCK
  hard | complete | completed | resource.released | end passed
  proposed, soft, hard | cancel | cancelled | resource.released

rate_card starts draft
  draft | submit | in_review
  in_review | approve | active | rate_card.changed | RTE-2, RTE-3; approver is not author
  in_review | reject | draft | - | reason
  active | supersede | superseded | rate_card.changed | newer version activated
  active | expire | expired | rate_card.expired | effective_to passed
  active | withdraw | withdrawn | rate_card.changed | FC approval

time_entry starts draft
  draft | submit | submitted | time.submitted | TME-1; task open; project accepts time
  submitted | recall | draft | time.recalled
  submitted | approve | approved | time.approved | approver is not the resource
  submitted | reject | rejected | time.rejected | reason
  rejected | edit | draft | - | version +1
  approved | request_correction | correction_requested | time.correction_requested | no locked invoice | INVOICE_LOCKED
  correction_requested | deny | approved | - | reason
  correction_requested | grant | superseded | time.corrected | new version created directly in approved
  approved | void | voided | time.voided | not invoiced | ALREADY_INVOICED

milestone starts planned
  planned | start | in_progress
  planned, in_progress | complete | completed | milestone.completed | evidence reference
  completed | accept | accepted | milestone.accepted | client acceptance_ref
  completed | refuse | in_progress | milestone.refused | reason
  accepted | bill | billed | milestone.billed | MS-1..MS-3 (4e)
  completed | bill | billed | milestone.billed | acceptance_required = false; MS-1..MS-3
  billed | credit | accepted | milestone.credited | full credit note posted
  planned, in_progress | cancel | cancelled | milestone.cancelled | change order

billable_transaction starts pending
  pending | validate | validated | transaction.validated | 4c checks pass
  validated | rate | rated | transaction.rated | section 5
  validated | exclude | excluded | transaction.excluded | cost-only or non-billable
  pending, validated, rated | fail | exception | transaction.exception
  exception | retry | pending | - | cause cleared
  rated | hold | held | transaction.held | cap, manual hold or pending change order
  held | release | rated | transaction.released | cause cleared
  rated | post | queued | transaction.posted | workbench acknowledged
  queued | draft | drafted | - | on a live draft
  drafted | undraft | queued | - | draft not approved, posting or post_failed
  drafted | invoice | invoiced | transaction.invoiced | invoice posted
  rated, held, queued | write_off | written_off | transaction.written_off | BM (FC above limit)
  pending, validated, exception, rated, held, queued | reverse | reversed | transaction.reversed
  invoiced | credit | reversed | transaction.reversed | credit note posted

queue_item starts collecting
  collecting, blocked, ready, ready_with_warnings | evaluate | blocked | invoice.unready
  collecting, blocked, ready, ready_with_warnings | evaluate | ready | invoice.ready
  collecting, blocked, ready, ready_with_warnings | evaluate | ready_with_warnings | invoice.ready
  ready, ready_with_warnings | draft | drafted | invoice.drafted | warnings acknowledged by BA
  drafted | discard_draft | collecting | - | invoice cancelled
  drafted | close | billed | - | invoice posted
  collecting, blocked, ready, ready_with_warnings | skip | skipped | invoice.skipped | BM gives a reason

invoice starts draft
  draft | submit | in_review
  in_review | return | draft | - | reason
  in_review | approve | approved | invoice.approved | not blocked; approver is not preparer; within limit
  approved | unapprove | in_review | - | not sent to ERP
  approved | post | posting | - | period open; totals frozen
  posting | ack | posted | invoice.posted | ERP number received
  posting | nack | post_failed | invoice.post_failed
  post_failed | retry | posting | - | same idempotency key
  post_failed | unapprove | in_review | - | ERP confirms nothing posted
  posted | send | sent | invoice.sent
  posted, sent, partially_paid | pay_part | partially_paid | invoice.partially_paid | 0 < open < gross
  posted, sent, partially_paid | pay_full | paid | invoice.paid | open = 0
  paid | unapply | partially_paid | invoice.payment_reversed | receipt reversed
  posted, sent, partially_paid | credit_full | credited | invoice.credited | credit note posted
  draft, in_review | cancel | cancelled | invoice.cancelled
  posted, sent, partially_paid | dispute | = | invoice.disputed
  posted, sent, partially_paid, paid, credited | resolve_dispute | = | invoice.dispute_resolved

vendor_po starts draft
  draft | approve | approved | - | budget check
  approved | issue | issued | vendor_po.issued | vendor onboarded, compliance valid
  issued | consume | issued | vendor_po.consumed | VPO-1
  issued | close | closed | vendor_po.closed | no open accrual
  draft, approved, issued | cancel | cancelled | vendor_po.cancelled | nothing consumed

vendor_invoice starts draft
  draft | review | in_review
  in_review | confirm | confirmed | vendor_invoice.confirmed | all lines matched within REC-12; PM confirms
  in_review | hold | on_hold | vendor_invoice.held | reason
  on_hold | reopen | in_review
  confirmed | release | released | vendor_invoice.released | PWP rule (5.13)
  released | pay | paid | vendor_invoice.paid
  draft, in_review, confirmed | cancel | cancelled | vendor_invoice.cancelled | reverses confirm

revenue_event starts pending
  pending | calculate | calculated
  calculated | post | posted | revenue.posted | period open
  calculated | revise | calculated | - | input changed before posting
  posted | reverse | reversed | revenue.reversed | replaced in an open period

period starts future
  future | open | open | period.opened
  open | soft_close | soft_closed | period.soft_closed | cut-off reached; nothing queued; REC-01/05/06 hold
  soft_closed | reopen | open | period.opened | FC
  soft_closed | close | closed | period.closed | all controls passed or waived
  closed | reopen | soft_closed | period.reopened | FC + second approver

change_request starts proposed
  proposed | review | in_review
  in_review | approve | approved | master.change_approved | DS of the domain; approver is not proposer
  in_review | reject | rejected | master.change_rejected | reason
  approved | propagate | propagating
  propagating | complete | completed | master.synced | all targets confirmed
  propagating | fail | failed | master.sync_failed
  failed | retry | propagating

exception starts open
  open | acknowledge | acknowledged
  open, acknowledged | start | in_progress
  open, acknowledged, in_progress | resolve | resolved | exception.resolved | resolution note
  open, acknowledged, in_progress | auto_resolve | resolved | exception.resolved | auto-resolve condition true
  open, acknowledged, in_progress | waive | waived | exception.waived | approver above owner role
  resolved | reopen | open | exception.opened | condition recurs within 24 h

workflow starts running
  running | wait | waiting | - | external response or human
  waiting | resume | running
  running, waiting | complete | completed | workflow.completed
  running, waiting | fail | failed | workflow.failed | retries exhausted
  running, waiting | cancel | compensating | - | caller may operate runs; nothing irreversible done
  failed | resume | running | - | cause cleared
  failed, waiting | compensate | compensating
  compensating | done | compensated | workflow.compensated

recon_run starts scheduled
  scheduled | start | running
  running | match | matched | recon.completed | all variances 0
  running | tolerate | within_tolerance | recon.completed
  running | breach | breached | recon.breached | opens RECON_VARIANCE
  breached | resolve | resolved | recon.completed | explained lines sum to variance

cutover_wave starts planned
  planned | rehearse | rehearsed
  rehearsed | freeze | frozen | - | master data frozen
  frozen | migrate | migrated | - | migration counts and balances equal
  migrated | start_dual_run | dual_run | cutover.dual_run_started
  dual_run | cut_over | cut_over | cutover.completed | COEX-5
  rehearsed, frozen, migrated, dual_run | roll_back | rolled_back | cutover.rolled_back
  cut_over | stabilise | stabilised | - | one clean close

adapter starts registered
  registered | map | mapping
  mapping | shadow | shadow | - | 100 % of sample maps
  shadow | go_live | live | adapter.live | 2 weeks, unmapped < 0.5 %, hours equal
  live | suspend | suspended | adapter.suspended
  suspended | go_live | live | adapter.live
  live, suspended | retire | retired
"""
