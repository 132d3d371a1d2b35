//! Starts the real programs that tests need, or says by name which one is missing.
