//! Whether a scan should let the reader filter while it decodes.
//!
//! Decoding filter columns first pays when hardly any row passes and other columns are skipped, and costs when more pass.
//! For the filters that joins and top-k operators hand down at run time nobody knows beforehand, so the first rows of each
//! piece tell; what is opened later acts on it. A scan that hands up nothing but filter columns has nothing to skip.

use std::sync::atomic::{AtomicU8, Ordering};

/// Less than this part of the rows passes.
const LOW_PART: f64 = 1.0 / 8.0;

const UNKNOWN: u8 = 0;
const LOW: u8 = 1;
const HIGH: u8 = 2;

/// What a scan's pieces found out.
#[derive(Debug, Default)]
pub struct Selectivity(AtomicU8);

impl Selectivity {
    pub fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed) != UNKNOWN
    }

    pub fn is_low(&self) -> bool {
        self.0.load(Ordering::Relaxed) == LOW
    }

    /// The part of some rows that passed the run-time filters.
    pub fn note(&self, passed: f64) {
        let found = if passed < LOW_PART { LOW } else { HIGH };
        self.0.store(found, Ordering::Relaxed);
    }
}
