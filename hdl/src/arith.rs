//! Modular arithmetic, one result per clock.
