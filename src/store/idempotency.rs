//! `idempotency`.
