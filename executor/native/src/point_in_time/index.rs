//! The spine's index: key -> the key's rows in the order of their times.
use super::keys::{BatchKeys, KeyValues};
use super::shared::{Shared, prefetch};
use super::time::Times;
use datafusion::arrow::buffer::NullBuffer;
use std::ops::Range;

/// No slot, no row.
pub const NONE: u32 = u32::MAX;

/// Rows of one shard share the top bits of their keys' hashes and stay in a core's cache while they are sorted.
const ROWS_PER_SHARD: usize = 4096;
const MAX_SHARD_BITS: u32 = 12;

/// Every spine row with a key and a time has a *slot*; slots are numbered by (shard, key, time, row), so the rows of one
/// key are neighbours in the order of their times.
pub struct SpineIndex {
    shard_bits: u32,
    /// By shard: where its hash table lies.
    regions: Vec<Region>,
    tables: Vec<Vec<Entry>>,
    /// By slot.
    times: Vec<i64>,
    /// Ends of the keys' slices, ascending.
    ends: Vec<u32>,
    /// By spine row, or [`NONE`].
    slots: Vec<u32>,
    /// By slot; empty where equal hashes are equal keys.
    rows: Vec<u32>,
    keys: KeyValues,
    /// Bit per hash prefix: unset = no spine row has such a key.
    filter: Vec<u64>,
    filter_bits: u32,
}

/// A power of two entries of one table, probed linearly.
#[derive(Clone, Copy)]
struct Region {
    table: u32,
    mask: u32,
    start: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    start: u32,
    /// 0 = the entry is free.
    len: u32,
}

const FREE: Entry = Entry {
    hash: 0,
    start: 0,
    len: 0,
};

#[derive(Clone, Copy)]
struct Record {
    hash: u64,
    time: i64,
    row: u32,
}

/// What one thread made of its range of shards.
struct Part {
    regions: Vec<Region>,
    table: Vec<Entry>,
    ends: Vec<u32>,
}

impl SpineIndex {
    pub fn build(keys: BatchKeys, times: &Times, threads: usize) -> Self {
        let present = NullBuffer::union(keys.valid.as_ref(), times.valid.as_ref());
        let BatchKeys { hashes, values, .. } = keys;
        let rows = hashes.len();
        let threads = threads.clamp(1, rows / ROWS_PER_SHARD + 1);
        let shard_bits = (rows / ROWS_PER_SHARD).max(1).ilog2().min(MAX_SHARD_BITS);
        let (mut records, starts) = partition(hashes, times, present, shard_bits, threads);

        let slots = Shared::from(vec![NONE; rows]);
        let keep_rows = matches!(values, KeyValues::Rows(_));
        let mut of_slot = vec![0; if keep_rows { records.len() } else { 0 }];
        let mut slot_times = vec![0_i64; records.len()];
        let shards = starts.len() - 1;
        let per_thread = shards.div_ceil(threads);
        let parts: Vec<Part> = std::thread::scope(|scope| {
            let mut running = Vec::new();
            let (mut rest, mut times, mut of_slot) = (
                records.as_mut_slice(),
                slot_times.as_mut_slice(),
                of_slot.as_mut_slice(),
            );
            for first in (0..shards).step_by(per_thread) {
                let last = (first + per_thread).min(shards);
                let count = starts[last] - starts[first];
                let (part, part_times, part_rows);
                (part, rest) = rest.split_at_mut(count);
                (part_times, times) = times.split_at_mut(count);
                (part_rows, of_slot) = of_slot.split_at_mut(count.min(of_slot.len()));
                let (starts, values, slots) = (&starts[first..=last], &values, &slots);
                running.push(scope.spawn(move || {
                    let mut building = Building::new(values, starts[0]);
                    for shard in starts.windows(2) {
                        building.shard(&mut part[shard[0] - starts[0]..shard[1] - starts[0]]);
                    }
                    for (at, record) in part.iter().enumerate() {
                        part_times[at] = record.time;
                        if let Some(row) = part_rows.get_mut(at) {
                            *row = record.row;
                        }
                        // SAFETY: every row is in one record of one thread.
                        unsafe { *slots.at(record.row as usize) = (starts[0] + at) as u32 };
                    }
                    building.part
                }));
            }
            running
                .into_iter()
                .map(|thread| thread.join().expect("building a shard does not panic"))
                .collect()
        });
        drop(records);

        let keys: usize = parts.iter().map(|part| part.ends.len()).sum();
        let filter_bits = (keys * 8).max(64).ilog2().min(30) + 1;
        let mut index = Self {
            shard_bits,
            regions: Vec::with_capacity(shards),
            tables: Vec::with_capacity(parts.len()),
            times: slot_times,
            ends: Vec::with_capacity(keys),
            slots: slots.into_vec(),
            rows: of_slot,
            keys: values,
            filter: vec![0; (1 << filter_bits) / 64],
            filter_bits,
        };
        for (number, part) in parts.into_iter().enumerate() {
            let located = part.regions.iter().map(|region| Region {
                table: number as u32,
                ..*region
            });
            index.regions.extend(located);
            index.ends.extend(&part.ends);
            for entry in part.table.iter().filter(|entry| entry.len > 0) {
                let bit = top_bits(entry.hash, filter_bits);
                index.filter[bit / 64] |= 1 << (bit % 64);
            }
            index.tables.push(part.table);
        }
        index
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    pub fn distinct_keys(&self) -> usize {
        self.ends.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let tables = self.tables.iter().map(|t| size_of_val(t.as_slice()));
        tables.sum::<usize>()
            + size_of_val(self.regions.as_slice())
            + size_of_val(self.times.as_slice())
            + size_of_val(self.ends.as_slice())
            + size_of_val(self.slots.as_slice())
            + size_of_val(self.rows.as_slice())
            + size_of_val(self.filter.as_slice())
            + self.keys.bytes()
    }

    /// Bytes a spine of so many rows needs at most while the index is built, for the memory pool; without the keys' own.
    pub fn bytes_for(rows: usize) -> usize {
        let hash_and_time = size_of::<u64>() + size_of::<i64>();
        let by_slot = size_of::<i64>() + 3 * size_of::<u32>();
        rows * (hash_and_time + size_of::<Record>() + by_slot + 3 * size_of::<Entry>() + 4)
    }

    /// The slot of each spine row, or [`NONE`].
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }

    pub fn time(&self, slot: u32) -> i64 {
        self.times[slot as usize]
    }

    /// The least and the greatest time.
    pub fn time_bounds(&self) -> Option<(i64, i64)> {
        Some((*self.times.iter().min()?, *self.times.iter().max()?))
    }

    /// False only when no spine row has a key of this hash.
    #[inline]
    pub fn may_contain(&self, hash: u64) -> bool {
        let bit = top_bits(hash, self.filter_bits);
        self.filter[bit / 64] & (1 << (bit % 64)) != 0
    }

    #[inline]
    pub fn prefetch_key(&self, hash: u64) {
        let region = self.regions[top_bits(hash, self.shard_bits)];
        let table = &self.tables[region.table as usize];
        prefetch(&raw const table[region.start + (hash as u32 & region.mask) as usize]);
    }

    /// The slots of the key of row `row` of `keys`: the first, and how many.
    #[inline]
    pub fn find(&self, hash: u64, keys: &KeyValues, row: usize) -> Option<(u32, u32)> {
        let region = self.regions[top_bits(hash, self.shard_bits)];
        let table = &self.tables[region.table as usize];
        let mut place = hash as u32 & region.mask;
        loop {
            let entry = &table[region.start + place as usize];
            if entry.len == 0 {
                return None;
            }
            if entry.hash == hash
                && (self.rows.is_empty()
                    || self
                        .keys
                        .equal(self.rows[entry.start as usize] as usize, keys, row))
            {
                return Some((entry.start, entry.len));
            }
            place = (place + 1) & region.mask;
        }
    }

    #[inline]
    pub fn prefetch_times(&self, (start, len): (u32, u32)) {
        let first = &raw const self.times[start as usize];
        prefetch(first);
        prefetch(first.wrapping_add(8.min(len as usize - 1)));
    }

    /// The first of these slots whose time is not before `time`.
    #[inline]
    pub fn first_from(&self, (start, len): (u32, u32), time: i64) -> Option<u32> {
        let times = &self.times[start as usize..(start + len) as usize];
        let before = if len <= 16 {
            times.iter().map(|t| u32::from(*t < time)).sum()
        } else {
            times.partition_point(|t| *t < time) as u32
        };
        (before < len).then_some(start + before)
    }

    /// The slots of each key, in about `parts` runs of keys.
    pub fn runs(&self, parts: usize) -> Vec<impl Iterator<Item = Range<u32>> + '_> {
        let size = self.ends.len().div_ceil(parts.max(1)).max(1);
        (0..self.ends.len())
            .step_by(size)
            .map(|first| {
                let last = (first + size).min(self.ends.len());
                (first..last).map(|key| match key {
                    0 => 0..self.ends[0],
                    _ => self.ends[key - 1]..self.ends[key],
                })
            })
            .collect()
    }
}

/// The records of the rows with a key and a time, shard by shard, and where each shard starts.
fn partition(
    hashes: Vec<u64>,
    times: &Times,
    present: Option<NullBuffer>,
    shard_bits: u32,
    threads: usize,
) -> (Vec<Record>, Vec<usize>) {
    let rows = hashes.len();
    let shards = 1_usize << shard_bits;
    let is_present = |row: usize| present.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    let per_thread = rows.div_ceil(threads).max(1);
    let chunks: Vec<Range<usize>> = (0..rows)
        .step_by(per_thread)
        .map(|first| first..(first + per_thread).min(rows))
        .collect();
    let (hashes, is_present) = (&hashes, &is_present);
    let mut places: Vec<Vec<usize>> = std::thread::scope(|scope| {
        let running: Vec<_> = chunks
            .iter()
            .cloned()
            .map(|chunk| {
                scope.spawn(move || {
                    let mut counts = vec![0_usize; shards];
                    for row in chunk.filter(|row| is_present(*row)) {
                        counts[top_bits(hashes[row], shard_bits)] += 1;
                    }
                    counts
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("counting does not panic"))
            .collect()
    });
    let mut starts = Vec::with_capacity(shards + 1);
    let mut next = 0;
    for shard in 0..shards {
        starts.push(next);
        for counts in &mut places {
            let count = counts[shard];
            counts[shard] = next;
            next += count;
        }
    }
    starts.push(next);
    let records = Shared::unwritten(next);
    std::thread::scope(|scope| {
        for (chunk, mut places) in chunks.into_iter().zip(places) {
            let records = &records;
            scope.spawn(move || {
                for row in chunk.filter(|row| is_present(*row)) {
                    let place = &mut places[top_bits(hashes[row], shard_bits)];
                    // SAFETY: the counts gave every row of every chunk its own place.
                    unsafe {
                        *records.at(*place) = Record {
                            hash: hashes[row],
                            time: times.values[row],
                            row: row as u32,
                        }
                    };
                    *place += 1;
                }
            });
        }
    });
    (records.into_vec(), starts)
}

/// Sorts shards by (key, time, row) and makes their tables; the scratch is reused.
struct Building<'a> {
    keys: &'a KeyValues,
    /// The first slot of the next shard.
    slot: usize,
    part: Part,
    /// Entries with the key's number as `start` and a row as `len`; that row + 1, so that 0 is free.
    table: Vec<Entry>,
    groups: Vec<u32>,
    next: Vec<u32>,
    hashes: Vec<u64>,
    unsorted: Vec<Record>,
}

impl<'a> Building<'a> {
    fn new(keys: &'a KeyValues, slot: usize) -> Self {
        Self {
            keys,
            slot,
            part: Part {
                regions: Vec::new(),
                table: Vec::new(),
                ends: Vec::new(),
            },
            table: Vec::new(),
            groups: Vec::new(),
            next: Vec::new(),
            hashes: Vec::new(),
            unsorted: Vec::new(),
        }
    }

    fn shard(&mut self, records: &mut [Record]) {
        self.next.clear();
        self.hashes.clear();
        if let (KeyValues::None, Some(first)) = (self.keys, records.first()) {
            self.hashes.push(first.hash);
            self.next.push(records.len() as u32);
        } else {
            self.group(records);
        }
        let size = (self.hashes.len() * 2).next_power_of_two().max(2);
        let region = Region {
            table: 0,
            start: self.part.table.len(),
            mask: size as u32 - 1,
        };
        self.part.table.resize(self.part.table.len() + size, FREE);
        let table = &mut self.part.table[region.start..];
        let mut start = 0;
        for (hash, end) in self.hashes.iter().zip(&self.next) {
            let slice = &mut records[start as usize..*end as usize];
            if slice.len() > 1 {
                slice.sort_unstable_by_key(|record| (record.time, record.row));
            }
            let mut place = *hash as u32 & region.mask;
            while table[place as usize].len > 0 {
                place = (place + 1) & region.mask;
            }
            table[place as usize] = Entry {
                hash: *hash,
                start: self.slot as u32 + start,
                len: end - start,
            };
            self.part.ends.push(self.slot as u32 + end);
            start = *end;
        }
        self.part.regions.push(region);
        self.slot += records.len();
    }

    /// Brings the records of each key together; `next` are then the ends of the keys' slices.
    fn group(&mut self, records: &mut [Record]) {
        let size = (records.len() * 2).next_power_of_two().max(2);
        self.table.clear();
        self.table.resize(size, FREE);
        self.groups.clear();
        for record in records.iter() {
            let mut place = record.hash as usize & (size - 1);
            let group = loop {
                let entry = &mut self.table[place];
                if entry.len == 0 {
                    *entry = Entry {
                        hash: record.hash,
                        start: self.hashes.len() as u32,
                        len: record.row + 1,
                    };
                    self.hashes.push(record.hash);
                    self.next.push(0);
                    break entry.start;
                }
                let row = entry.len as usize - 1;
                if entry.hash == record.hash && self.keys.equal(row, self.keys, record.row as usize)
                {
                    break entry.start;
                }
                place = (place + 1) & (size - 1);
            };
            self.next[group as usize] += 1;
            self.groups.push(group);
        }
        let mut start = 0;
        for next in &mut self.next {
            let count = *next;
            *next = start;
            start += count;
        }
        self.unsorted.clear();
        self.unsorted.extend_from_slice(records);
        for (record, group) in self.unsorted.iter().zip(&self.groups) {
            let place = &mut self.next[*group as usize];
            records[*place as usize] = *record;
            *place += 1;
        }
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
