"""From a won deal to a project that takes time (4a): customer, receivables, contract, PSA project, ERP shell, demand."""
