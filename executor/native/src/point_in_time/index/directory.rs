//! From a key to its slots.
use super::super::keys;
use super::super::shared::{Shared, prefetch};
use super::top_bits;

/// The slots of one key: the first, and how many.
#[derive(Clone, Copy, Default)]
pub struct Place {
    pub start: u32,
    /// 0 = no row has such a key.
    pub len: u32,
}

pub enum Directory {
    Hashed(Hashed),
    Dense(Dense),
}

/// Any keys.
///
/// ```text
/// hash --top bits--> shard --low bits--> entry
/// ```
pub struct Hashed {
    shard_bits: u32,
    /// By shard: where its hash table lies.
    regions: Vec<Region>,
    tables: Vec<Vec<Entry>>,
    /// Bit per hash prefix: unset = no row has such a key.
    filter: Vec<u64>,
    filter_bits: u32,
}

/// A power of two entries of one table, probed linearly.
#[derive(Clone, Copy)]
pub struct Region {
    table: u32,
    mask: u32,
    start: usize,
}

/// One key; free without slots.
#[derive(Clone, Copy, Default)]
pub struct Entry {
    hash: u64,
    place: Place,
}

/// Integers that lie close together: each between the least and the greatest has a place, which is read without a look
/// at the key; the places of a million keys stay in a core's cache where their hash tables would not.
pub struct Dense {
    least: i64,
    places: Vec<Place>,
}

/// A [`Dense`] that several threads fill.
pub struct Filling {
    least: i64,
    places: Shared<Place>,
}

/// The hash tables of neighbouring shards.
#[derive(Default)]
pub struct Tables {
    regions: Vec<Region>,
    table: Vec<Entry>,
}

impl Directory {
    /// False only when no row has a key of this hash. `filtered` asks of hashed keys, which costs time of its own.
    #[inline]
    pub fn may_contain(&self, hash: u64, filtered: bool) -> bool {
        match self {
            Self::Hashed(hashed) => !filtered || hashed.may_contain(hash),
            Self::Dense(dense) => dense.at(hash) < dense.places.len(),
        }
    }

    /// Brings what [`Self::find`] reads to the cache.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        match self {
            Self::Hashed(hashed) => {
                let (table, region) = hashed.region(hash);
                prefetch(&raw const table[region.start + (hash as u32 & region.mask) as usize]);
            }
            Self::Dense(dense) => prefetch(&raw const dense.places[dense.at(hash)]),
        }
    }

    /// The place of a key of this hash that [may be there](Self::may_contain); `is_key` tells of the first slot of a key
    /// with the same hash whether it is the same key.
    #[inline]
    pub fn find(&self, hash: u64, is_key: impl Fn(u32) -> bool) -> Option<Place> {
        match self {
            Self::Hashed(hashed) => hashed.find(hash, is_key),
            Self::Dense(dense) => Some(dense.places[dense.at(hash)]).filter(|place| place.len > 0),
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Hashed(hashed) => {
                let tables = hashed.tables.iter().map(|t| size_of_val(t.as_slice()));
                tables.sum::<usize>()
                    + size_of_val(hashed.regions.as_slice())
                    + size_of_val(hashed.filter.as_slice())
            }
            Self::Dense(dense) => size_of_val(dense.places.as_slice()),
        }
    }
}

impl Hashed {
    /// Of `keys` keys in the tables of all shards, in order.
    pub fn new(parts: Vec<Tables>, shard_bits: u32, keys: usize) -> Self {
        let filter_bits = (keys * 8).max(64).ilog2().min(30) + 1;
        let mut hashed = Self {
            shard_bits,
            regions: Vec::with_capacity(1 << shard_bits),
            tables: Vec::with_capacity(parts.len()),
            filter: vec![0; (1 << filter_bits) / 64],
            filter_bits,
        };
        for (number, part) in parts.into_iter().enumerate() {
            let located = part.regions.iter().map(|region| Region {
                table: number as u32,
                ..*region
            });
            hashed.regions.extend(located);
            for entry in part.table.iter().filter(|entry| entry.place.len > 0) {
                let bit = top_bits(entry.hash, filter_bits);
                hashed.filter[bit / 64] |= 1 << (bit % 64);
            }
            hashed.tables.push(part.table);
        }
        hashed
    }

    #[inline]
    fn may_contain(&self, hash: u64) -> bool {
        let bit = top_bits(hash, self.filter_bits);
        self.filter[bit / 64] & (1 << (bit % 64)) != 0
    }

    #[inline]
    fn region(&self, hash: u64) -> (&[Entry], Region) {
        let region = self.regions[top_bits(hash, self.shard_bits)];
        (&self.tables[region.table as usize], region)
    }

    #[inline]
    fn find(&self, hash: u64, is_key: impl Fn(u32) -> bool) -> Option<Place> {
        let (table, region) = self.region(hash);
        let mut at = hash as u32 & region.mask;
        loop {
            let entry = &table[region.start + at as usize];
            if entry.place.len == 0 {
                return None;
            }
            if entry.hash == hash && is_key(entry.place.start) {
                return Some(entry.place);
            }
            at = (at + 1) & region.mask;
        }
    }
}

impl Tables {
    /// Adds the table of the next shard.
    pub fn add(&mut self, keys: impl ExactSizeIterator<Item = (u64, Place)>) {
        let size = (keys.len() * 2).next_power_of_two().max(2);
        let region = Region {
            table: 0,
            start: self.table.len(),
            mask: size as u32 - 1,
        };
        self.table.resize(region.start + size, Entry::default());
        let table = &mut self.table[region.start..];
        for (hash, place) in keys {
            let mut at = hash as u32 & region.mask;
            while table[at as usize].place.len > 0 {
                at = (at + 1) & region.mask;
            }
            table[at as usize] = Entry { hash, place };
        }
        self.regions.push(region);
    }
}

impl Dense {
    /// Where the key of a hash has its place, if that is one.
    #[inline]
    fn at(&self, hash: u64) -> usize {
        distance(hash, self.least)
    }
}

impl Filling {
    /// For integers from `least` to `greatest`; None without any, and when they would need more memory than the hash tables
    /// of `rows` rows.
    pub fn new(least: i64, greatest: i64, rows: usize) -> Option<Self> {
        let count = usize::try_from(i128::from(greatest) - i128::from(least) + 1).ok()?;
        (count <= rows.saturating_mul(2)).then(|| Self {
            least,
            places: Shared::from(vec![Place::default(); count]),
        })
    }

    /// # Safety
    /// The key is between the bounds, and one thread's.
    pub unsafe fn put(&self, hash: u64, place: Place) {
        // SAFETY: the caller's.
        unsafe { *self.places.at(distance(hash, self.least)) = place };
    }

    pub fn finish(self) -> Dense {
        Dense {
            least: self.least,
            places: self.places.into_vec(),
        }
    }
}

/// How far the key of a hash is from the least; beyond every place when it is less.
#[inline]
fn distance(hash: u64, least: i64) -> usize {
    keys::integer(hash).wrapping_sub(least) as usize
}
