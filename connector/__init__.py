"""Flow 2: request → plan → store → rows, in Looker Studio's shapes."""
