"""The metric catalogue (7.1) as a table: data only, read by `metrics`.

A metric has two lines: name, grain, which way is good (up or down), the dashboards that show it, the events it is made from;
then its formula, when it warns and when it is critical. Names of computed metrics are those of `metric.compute`.
"""

TABLE = """
billable_utilization | resource, team, week or month | up | EX PM RM | time.approved, resource.changed
  approved billable hours / available hours x 100 | 5 points below target | 20 points below target
productive_utilization | resource, team, week or month | up | RM | time.approved, resource.changed
  (approved billable + productive non-billable hours) / available hours x 100 | below 85 | below 75
utilization_forecast_accuracy | team, month | up | RM EX | resource.assigned, time.approved
  100 - abs(forecast - actual) / actual x 100 | below 92 | below 85
realization | project, client, month | up | EX FO | invoice.posted, invoice.credited
  (invoiced net - credited net) / standard value x 100 | below 92 | below 85
effective_bill_rate | client, role | up | EX | invoice.posted
  invoiced net for time / billable hours behind it | 3 % below plan | 8 % below plan
project_margin_pct | project, month | up | EX PM FO | revenue.posted, transaction.posted
  (recognised revenue - project cost) / recognised revenue x 100 | 3 points below plan | 8 points below plan
backlog | firm, practice | up | EX | contract.activated, contract.amended, revenue.posted
  signed contract value + approved change orders - recognised revenue | coverage below 0.8 of the next quarter's plan | coverage below 0.6
wip_age | client, entity | down | FO CC | transaction.rated, transaction.posted, transaction.invoiced
  value-weighted days since service date of unbilled work | above 30 days | above 45 days
unbilled_approved_hours | project | down | BW PM | transaction.rated, transaction.held, transaction.posted
  hours in rated, held and queued | above 5 days of output | above 10 days of output
dso | entity, month | down | FO EX | invoice.posted, invoice.paid
  ending receivables / credit sales of the window x days in the window | 5 days above target | 10 days above target
dso_total | entity, month | down | FO EX | invoice.posted, invoice.paid, transaction.posted
  (ending receivables + ending WIP) / credit sales of the window x days in the window | 5 days above target | 10 days above target
invoice_cycle_time | bill group | down | BW EX | invoice.posted
  posted - period end, business days, median and P90 | P90 above 5 | P90 above 8
approval_to_queue_lag | entry | down | BW IO | time.approved, transaction.posted
  queued_at - approved_at, P95 | above 15 minutes | above 60 minutes
approval_to_billing_time | entry | down | BW FO | time.approved, transaction.posted, invoice.posted
  invoice posted - approved | median above 12 days | median above 20 days
invoice_readiness_lag | bill group | down | BW | invoice.ready
  invoice.ready - last needed approval | above 4 h | above 24 h
readiness_by_value | entity, day | up | BW CC | invoice.ready, invoice.unready
  amount in groups that are not blocked / candidate amount x 100 | below the close calendar (ALR-4) | below the close calendar (ALR-4)
invoice_ready_backlog | entity | down | BW CC | invoice.ready, invoice.posted
  count and amount ready, not posted | above 1 day old | above 2 days old
straight_through_billing | entity, month | up | EX BW | invoice.posted, exception.opened
  invoices posted without a manual action / posted invoices x 100 | below 70 | below 50
invoices_delayed_by_contract_mismatch | entity | down | BW | exception.opened
  invoices past the cycle target with CONTRACT exceptions open | above 1 % | above 3 %
projects_missing_billing_terms | practice | down | PM BW | exception.opened
  count of BILLING_TERMS_MISSING | above 0 | above 5
time_entries_rejected_by_erp | entity, day | down | IO BW | transaction.exception
  rejected / attempted lines x 100 | above 0.5 | above 2
time_posting_success_rate | entity, day | up | IO | transaction.posted
  accepted first time / attempted x 100 | below 99 | below 97
write_off_rate | client, month | down | EX FO | transaction.written_off
  (written off + written down) / standard billable value x 100 | above 3 | above 6
leakage | client, month | down | EX FO | transaction.rated, invoice.posted, transaction.written_off
  expected billable value - invoiced net - WIP of up to 90 days - write-offs - discounts | above 0.5 % of expected | above 1 % of expected
billing_dispute_rate | client, month | down | EX FO | invoice.disputed
  disputed / posted invoices x 100 | above 3 | above 6
credit_note_rate | entity | down | FO | invoice.credited
  credited net / invoiced net x 100 | above 1.5 | above 3
time_to_staff | role | down | RM | demand.published, resource.assigned
  hard booking - demand published, days | above 7 | above 14
overbooked_hours | team, week | down | RM | resource.overbooked
  sum of over hours by level | above 1 % of capacity | above 3 % of capacity
resource_plan_freshness | resource | down | RM IO | resource.assigned, resource.changed
  now - last applied assignment or availability | above 15 minutes | above 60 minutes
project_setup_time | deal | down | PM IO | deal.closed_won, project.created
  project.created - deal.closed_won, business hours | above 4 | above 16
exception_volume_and_resolution_time | code, owner | down | EX FO BW PM RM IO DS CC | exception.opened, exception.resolved
  opened; median and P90 hours; percent resolved within SLA | within SLA below 95 | within SLA below 85
reconciliation_variance | entity, period | down | CC FO | recon.completed, recon.breached
  per control, count breached | any breach | breach of a blocking control
master_data_mismatch_rate | object type | down | DS | recon.completed, master.synced
  mismatched / compared x 100 | above 0.5 | above 1
event_flow | minute | down | IO | event log
  per topic: latency P95, duplicates, stale, parked, dead letters | hop P95 above 2 s | hop P99 above 10 s
workflow_steps_failed | workflow | down | IO | workflow.failed
  failed and retried steps, count by step | above 0.5 % | above 2 %
manual_touch_hours | month | down | EX | exception.resolved, audit
  logged effort in queue actions | trend rises | trend rises
close_progress | entity | up | CC | recon.completed, period.soft_closed, period.closed
  controls passed / controls due x 100 | behind plan by 1 check | behind plan by 2 checks
"""
