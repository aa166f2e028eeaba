"""What the data means: tables, facts and fields. Declarations and pure functions, no I/O."""
