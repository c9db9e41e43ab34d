//! The index of one side: key -> the key's rows in the order of their times.
//!
//! ```text
//! key --directory--> first slot, how many --> times by slot
//! ```
mod build;
mod directory;

pub use build::TimedKeys;

use super::keys::{BatchKeys, KeyValues};
use super::shared::prefetch;
use datafusion::arrow::array::UInt32Array;
use datafusion::arrow::buffer::NullBuffer;
use directory::{Directory, Place};
use std::ops::Range;

/// No slot, no row.
pub const NONE: u32 = u32::MAX;

/// An index has fewer rows.
pub const MAX_ROWS: usize = 1 << 31;

/// Rows go through the stages of a search together, so that memory is fetched for the next stage meanwhile.
pub const BLOCK: usize = 256;

/// Every row with a key and a time has a *slot*; slots are numbered by (shard, key, time, row), so the rows of one key are
/// neighbours in the order of their times.
pub struct TimeIndex {
    directory: Directory,
    clock: Clock,
    /// By slot: its time's step; what a search reads of most slots.
    steps: Vec<u32>,
    /// By slot: how far its time is beyond its step's beginning; empty where a step is one time.
    beyond: Vec<u32>,
    /// Ends of the keys' slots, ascending.
    ends: Vec<u32>,
    /// By row, or [`NONE`].
    slots: Vec<u32>,
    /// By slot; empty where equal hashes are equal keys.
    rows: Vec<u32>,
    keys: KeyValues,
}

/// Times as steps of 32 bits, so that a search reads half as much: `(time - least) >> shift`.
#[derive(Clone, Copy)]
struct Clock {
    least: i64,
    greatest: i64,
    shift: u32,
}

/// A row that has found its key: the first of the key's slots, and how many there are.
#[derive(Clone, Copy, Default)]
pub struct Found {
    pub row: u32,
    start: u32,
    len: u32,
}

/// All slots of one key.
#[derive(Clone, Copy)]
pub struct KeySlots<'a> {
    index: &'a TimeIndex,
    first: u32,
    end: u32,
}

impl KeySlots<'_> {
    /// Their numbers, in the order of their times.
    pub fn slots(&self) -> Range<u32> {
        self.first..self.end
    }

    /// The time of one of them.
    pub fn time(&self, slot: u32) -> i64 {
        self.index.time(slot as usize)
    }
}

impl TimeIndex {
    /// Number of slots.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn distinct_keys(&self) -> usize {
        self.ends.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.directory.bytes()
            + size_of_val(self.steps.as_slice())
            + size_of_val(self.beyond.as_slice())
            + size_of_val(self.ends.as_slice())
            + size_of_val(self.slots.as_slice())
            + size_of_val(self.rows.as_slice())
            + self.keys.bytes()
    }

    /// The slot of each row, or [`NONE`].
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// The least and the greatest time.
    pub fn time_bounds(&self) -> Option<(i64, i64)> {
        (!self.steps.is_empty()).then_some((self.clock.least, self.clock.greatest))
    }

    fn time(&self, slot: usize) -> i64 {
        let beyond = self.beyond.get(slot).copied().unwrap_or(0);
        self.clock.time(self.steps[slot], beyond)
    }

    /// A row of each key.
    pub fn row_of_each_key(&self) -> UInt32Array {
        let mut rows = vec![NONE; self.ends.len()];
        let mut missing = rows.len();
        for (row, slot) in self.slots.iter().enumerate().filter(|(_, s)| **s != NONE) {
            let key = self.ends.partition_point(|end| end <= slot);
            if rows[key] == NONE {
                rows[key] = row as u32;
                missing -= 1;
                if missing == 0 {
                    break;
                }
            }
        }
        rows.into()
    }

    /// All keys, in about `parts` runs.
    pub fn runs(&self, parts: usize) -> Vec<impl Iterator<Item = KeySlots<'_>>> {
        let size = self.ends.len().div_ceil(parts.max(1)).max(1);
        let firsts = (0..self.ends.len()).step_by(size);
        firsts
            .map(|first| {
                let last = (first + size).min(self.ends.len());
                (first..last).map(|key| self.key(key))
            })
            .collect()
    }

    fn key(&self, number: usize) -> KeySlots<'_> {
        let first = match number {
            0 => 0,
            _ => self.ends[number - 1],
        };
        KeySlots {
            index: self,
            first,
            end: self.ends[number],
        }
    }

    /// Those of the rows (at most [`BLOCK`]) whose keys are in the index, and how many; the times of their slots are on
    /// their way to the cache. `filtered` asks a bitmap of hashed keys first, which pays where many are not in the index.
    #[inline]
    pub fn search(
        &self,
        keys: &BatchKeys,
        valid: Option<&NullBuffer>,
        rows: Range<usize>,
        filtered: bool,
        found: &mut [Found; BLOCK],
    ) -> usize {
        let mut count = 0;
        for row in rows {
            found[count].row = row as u32;
            let passes = self.directory.may_contain(keys.hashes[row], filtered);
            count += usize::from(passes && valid.is_none_or(|valid| valid.is_valid(row)));
        }
        for row in &found[..count] {
            self.directory.prefetch(keys.hashes[row.row as usize]);
        }
        let mut kept = 0;
        for at in 0..count {
            let row = found[at].row;
            let is_key = |slot: u32| self.has_key(slot, keys, row as usize);
            let place = self.directory.find(keys.hashes[row as usize], is_key);
            if let Some(Place { start, len }) = place {
                let first = &raw const self.steps[start as usize];
                prefetch(first);
                prefetch(first.wrapping_add(16.min(len as usize - 1)));
                found[kept] = Found { row, start, len };
                kept += 1;
            }
        }
        kept
    }

    /// Whether the slot is of the key of row `row` of `keys`, given that their hashes are equal.
    #[inline]
    fn has_key(&self, slot: u32, keys: &BatchKeys, row: usize) -> bool {
        let equal = |first: u32| self.keys.equal(first as usize, &keys.values, row);
        self.rows.is_empty() || equal(self.rows[slot as usize])
    }

    /// The first of the key's slots whose time is not before `time`.
    #[inline]
    pub fn first_from(&self, found: Found, time: i64) -> Option<u32> {
        let before = self.before(found, time);
        (before < found.len).then_some(found.start + before)
    }

    /// The last of the key's slots whose time is not after `time`.
    #[inline]
    pub fn last_until(&self, found: Found, time: i64) -> Option<u32> {
        let until = match time.checked_add(1) {
            Some(next) => self.before(found, next),
            None => found.len,
        };
        (until > 0).then(|| found.start + until - 1)
    }

    /// How many of the key's slots have a time before `time`.
    #[inline]
    fn before(&self, found: Found, time: i64) -> u32 {
        let Some(step) = self.clock.step(time) else {
            return if time > self.clock.least {
                found.len
            } else {
                0
            };
        };
        let start = found.start as usize;
        let steps = &self.steps[start..start + found.len as usize];
        let mut before = match found.len <= 32 {
            true => steps.iter().map(|s| u32::from(*s < step)).sum(),
            false => steps.partition_point(|s| *s < step) as u32,
        };
        if !self.clock.is_exact() && before < found.len && steps[before as usize] == step {
            let first = before as usize;
            let last = first + steps[first..].partition_point(|s| *s == step);
            let beyond = self.clock.beyond(time);
            let of_step = &self.beyond[start + first..start + last];
            before += of_step.partition_point(|b| *b < beyond) as u32;
        }
        before
    }
}

impl Clock {
    /// Of the times between two.
    fn of(least: i64, greatest: i64) -> Self {
        let range = greatest.wrapping_sub(least) as u64;
        Self {
            least,
            greatest,
            shift: (u64::BITS - range.leading_zeros()).saturating_sub(u32::BITS),
        }
    }

    /// Whether every time has a step of its own.
    fn is_exact(self) -> bool {
        self.shift == 0
    }

    /// The time that is so far beyond the beginning of a step.
    fn time(self, step: u32, beyond: u32) -> i64 {
        let since = u64::from(step) << self.shift | u64::from(beyond);
        self.least.wrapping_add(since as i64)
    }

    /// How far a time is beyond the beginning of its step.
    #[inline]
    fn beyond(self, time: i64) -> u32 {
        (time.wrapping_sub(self.least) as u64 & ((1 << self.shift) - 1)) as u32
    }

    /// None before the least time, and so far after it that no time of the index can be.
    #[inline]
    fn step(self, time: i64) -> Option<u32> {
        if time < self.least {
            return None;
        }
        u32::try_from((time.wrapping_sub(self.least) as u64) >> self.shift).ok()
    }
}

#[inline]
fn top_bits(hash: u64, bits: u32) -> usize {
    if bits == 0 {
        0
    } else {
        (hash >> (64 - bits)) as usize
    }
}
