//! The quick reader against the general path.
