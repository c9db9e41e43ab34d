//! How a [`TimeIndex`] is made: rows are partitioned by hash, then each shard is sorted by key and time by one thread.
use super::super::keys::{BatchKeys, KeyValues};
use super::super::shared::Shared;
use super::{Clock, Entry, FREE, NONE, Region, TimeIndex, top_bits};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use std::ops::Range;
use std::sync::atomic::AtomicU64;

/// Rows of one shard share the top bits of their keys' hashes and stay in a core's cache while they are sorted.
const ROWS_PER_SHARD: usize = 4096;
const MAX_SHARD_BITS: u32 = 12;

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

/// The slots of one thread's shards, in order.
struct PartSlots<'a> {
    first: usize,
    records: &'a mut [Record],
    steps: &'a mut [u32],
    times: &'a mut [i64],
    /// Empty where nobody asks for them.
    rows: &'a mut [u32],
}

impl TimeIndex {
    /// Bytes an index of so many rows needs at most while it is made, for the memory pool; without the keys' own.
    pub fn bytes_for(rows: usize) -> usize {
        let hash_and_time = size_of::<u64>() + size_of::<i64>();
        let by_slot = size_of::<i64>() + size_of::<u64>() + 4 * size_of::<u32>();
        let by_key = 3 * size_of::<Entry>() + size_of::<u32>();
        rows * (hash_and_time + size_of::<Record>() + by_slot + by_key)
    }

    /// Rows whose `present` bit is unset get no slot. The event of every slot is 0.
    pub fn build(
        keys: BatchKeys,
        times: &ScalarBuffer<i64>,
        present: Option<NullBuffer>,
        threads: usize,
    ) -> Self {
        let BatchKeys { hashes, values, .. } = keys;
        let rows = hashes.len();
        let threads = threads.clamp(1, rows / ROWS_PER_SHARD + 1);
        let shard_bits = (rows / ROWS_PER_SHARD).max(1).ilog2().min(MAX_SHARD_BITS);
        let clock = Clock::of(times);
        let (mut records, starts) = partition(hashes, times, present, shard_bits, threads);
        let count = records.len();

        let slots = Shared::from(vec![NONE; rows]);
        let keep_rows = matches!(values, KeyValues::Rows(_));
        let mut of_slot = vec![0; if keep_rows { count } else { 0 }];
        let (mut steps, mut slot_times) = (vec![0_u32; count], vec![0_i64; count]);
        let shards = starts.len() - 1;
        let per_thread = shards.div_ceil(threads);
        let parts: Vec<Part> = std::thread::scope(|scope| {
            let mut rest = PartSlots {
                first: 0,
                records: &mut records,
                steps: &mut steps,
                times: &mut slot_times,
                rows: &mut of_slot,
            };
            let mut running = Vec::new();
            for first in (0..shards).step_by(per_thread) {
                let last = (first + per_thread).min(shards);
                let (part, others) = rest.split_at(starts[last] - starts[first]);
                rest = others;
                let (starts, values, slots) = (&starts[first..=last], &values, &slots);
                running.push(scope.spawn(move || part.build(starts, values, slots, clock)));
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
            clock,
            steps,
            times: slot_times,
            events: zeros(count),
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
}

/// Memory that is zero already, where the allocator has it.
fn zeros(count: usize) -> Vec<AtomicU64> {
    let mut plain = std::mem::ManuallyDrop::new(vec![0_u64; count]);
    let (data, length, capacity) = (plain.as_mut_ptr(), plain.len(), plain.capacity());
    // SAFETY: an atomic has the layout of its integer.
    unsafe { Vec::from_raw_parts(data.cast(), length, capacity) }
}

impl<'a> PartSlots<'a> {
    fn split_at(self, count: usize) -> (Self, Self) {
        let (records, other_records) = self.records.split_at_mut(count);
        let (steps, other_steps) = self.steps.split_at_mut(count);
        let (times, other_times) = self.times.split_at_mut(count);
        let (rows, other_rows) = self.rows.split_at_mut(count.min(self.rows.len()));
        let part = Self {
            first: self.first,
            records,
            steps,
            times,
            rows,
        };
        let rest = Self {
            first: self.first + count,
            records: other_records,
            steps: other_steps,
            times: other_times,
            rows: other_rows,
        };
        (part, rest)
    }

    /// `starts` of the shards among all records; `slots` is by row, of all threads.
    fn build(self, starts: &[usize], keys: &KeyValues, slots: &Shared<u32>, clock: Clock) -> Part {
        let mut building = Building::new(keys, self.first);
        for shard in starts.windows(2) {
            building.shard(&mut self.records[shard[0] - self.first..shard[1] - self.first]);
        }
        for (at, record) in self.records.iter().enumerate() {
            self.times[at] = record.time;
            self.steps[at] = clock.step(record.time).expect("the clock knows all times");
            if let Some(row) = self.rows.get_mut(at) {
                *row = record.row;
            }
            // SAFETY: every row is in one record of one thread.
            unsafe { *slots.at(record.row as usize) = (self.first + at) as u32 };
        }
        building.part
    }
}

/// The records of the rows with a key and a time, shard by shard, and where each shard starts.
fn partition(
    hashes: Vec<u64>,
    times: &[i64],
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
                            time: times[row],
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
