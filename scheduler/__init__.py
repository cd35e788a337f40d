"""The plan over time: rules to rows, rows to rings, silence to escalation, disruption to proposal."""
