//! How a [`TimeIndex`] is made: rows are partitioned by hash, then each shard is sorted by key and time by one thread.
use super::super::keys::KeyValues;
use super::super::row_bytes::PIECE_BYTES;
use super::super::shared::Shared;
use super::{Clock, Entry, FREE, NONE, Region, TimeIndex, top_bits};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use std::ops::Range;

/// Rows of one shard share the top bits of their keys' hashes and stay in a core's cache while they are sorted.
const ROWS_PER_SHARD: usize = 4096;
const MAX_SHARD_BITS: u32 = 12;

/// Keys and times of neighbouring rows.
pub struct TimedKeys {
    pub hashes: Vec<u64>,
    pub times: ScalarBuffer<i64>,
    /// Unset: the row gets no slot.
    pub present: Option<NullBuffer>,
}

/// A range of such rows; `first` is the number of the first of them all among the rows of the index.
struct Piece<'a> {
    of: &'a TimedKeys,
    rows: Range<usize>,
    first: usize,
}

/// How many of a thread's rows belong to each shard, and their least and greatest time.
struct Counted {
    shards: Vec<usize>,
    bounds: Option<(i64, i64)>,
}

/// The rows with a slot, shard by shard, and where each shard starts among all of them.
struct Partitioned {
    pieces: Vec<ShardRecords>,
    starts: Vec<usize>,
    clock: Clock,
}

/// The rows of neighbouring shards.
struct ShardRecords {
    shards: Range<usize>,
    records: Vec<Record>,
}

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
    steps: &'a mut [u32],
    /// Empty where every step is one time.
    beyond: &'a mut [u32],
    /// Empty where nobody asks for them.
    rows: &'a mut [u32],
}

impl TimeIndex {
    /// Bytes an index of so many rows needs at most while it is made, for the memory pool; without the keys' own.
    pub fn bytes_for(rows: usize) -> usize {
        let hash_and_time = size_of::<u64>() + size_of::<i64>();
        let by_slot = 5 * size_of::<u32>();
        let by_key = 3 * size_of::<Entry>() + size_of::<u32>();
        rows * (hash_and_time + size_of::<Record>() + by_slot + by_key)
    }

    /// Of all rows of `parts`, one after the other, which are fewer than [`MAX_ROWS`](super::MAX_ROWS).
    ///
    /// `values` are those of one part, or say that equal hashes are equal keys.
    pub fn build(parts: Vec<TimedKeys>, values: KeyValues, threads: usize) -> Self {
        let rows = parts.iter().map(|part| part.hashes.len()).sum::<usize>();
        let threads = threads.clamp(1, rows / ROWS_PER_SHARD + 1);
        let shard_bits = (rows / ROWS_PER_SHARD).max(1).ilog2().min(MAX_SHARD_BITS);
        let Partitioned {
            pieces,
            starts,
            clock,
        } = partition(&parts, rows, shard_bits, threads);
        drop(parts);
        let shards = starts.len() - 1;
        let count = starts[shards];

        let slots = Shared::from(vec![NONE; rows]);
        let keep_rows = matches!(values, KeyValues::Rows(_));
        let mut of_slot = vec![0; if keep_rows { count } else { 0 }];
        let mut steps = vec![0_u32; count];
        let mut beyond = vec![0_u32; if clock.is_exact() { 0 } else { count }];
        let per_thread = pieces.len().div_ceil(threads);
        let parts: Vec<Part> = std::thread::scope(|scope| {
            let mut rest = PartSlots {
                first: 0,
                steps: &mut steps,
                beyond: &mut beyond,
                rows: &mut of_slot,
            };
            let mut running = Vec::new();
            let mut pieces = pieces.into_iter();
            while pieces.len() > 0 {
                let own: Vec<ShardRecords> = pieces.by_ref().take(per_thread).collect();
                let (part, others) = rest.split_at(own.iter().map(|p| p.records.len()).sum());
                rest = others;
                let (starts, values, slots) = (&starts, &values, &slots);
                running.push(scope.spawn(move || part.build(own, starts, values, slots, clock)));
            }
            running
                .into_iter()
                .map(|thread| thread.join().expect("building a shard does not panic"))
                .collect()
        });

        let keys: usize = parts.iter().map(|part| part.ends.len()).sum();
        let filter_bits = (keys * 8).max(64).ilog2().min(30) + 1;
        let mut index = Self {
            shard_bits,
            regions: Vec::with_capacity(shards),
            tables: Vec::with_capacity(parts.len()),
            clock,
            steps,
            beyond,
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

impl<'a> PartSlots<'a> {
    fn split_at(self, count: usize) -> (Self, Self) {
        let (steps, other_steps) = self.steps.split_at_mut(count);
        let (beyond, other_beyond) = self.beyond.split_at_mut(count.min(self.beyond.len()));
        let (rows, other_rows) = self.rows.split_at_mut(count.min(self.rows.len()));
        let part = Self {
            first: self.first,
            steps,
            beyond,
            rows,
        };
        let rest = Self {
            first: self.first + count,
            steps: other_steps,
            beyond: other_beyond,
            rows: other_rows,
        };
        (part, rest)
    }

    /// `starts` of all shards among all records; `slots` is by row, of all threads.
    fn build(
        self,
        pieces: Vec<ShardRecords>,
        starts: &[usize],
        keys: &KeyValues,
        slots: &Shared<u32>,
        clock: Clock,
    ) -> Part {
        let mut building = Building::new(keys, self.first);
        let mut at = 0;
        for ShardRecords {
            shards,
            mut records,
        } in pieces
        {
            let first = starts[shards.start];
            for shard in starts[shards.start..=shards.end].windows(2) {
                building.shard(&mut records[shard[0] - first..shard[1] - first]);
            }
            for record in records {
                self.steps[at] = clock.step(record.time).expect("the clock knows all times");
                if let Some(beyond) = self.beyond.get_mut(at) {
                    *beyond = clock.beyond(record.time);
                }
                if let Some(row) = self.rows.get_mut(at) {
                    *row = record.row;
                }
                // SAFETY: every row is in one record of one thread.
                unsafe { *slots.at(record.row as usize) = (self.first + at) as u32 };
                at += 1;
            }
        }
        building.part
    }
}

impl TimedKeys {
    /// Rows of all parts, as many for each thread.
    fn shares(parts: &[Self], rows: usize, threads: usize) -> Vec<Vec<Piece<'_>>> {
        let per_thread = rows.div_ceil(threads).max(1);
        let mut shares = Vec::with_capacity(threads);
        let (mut share, mut room, mut first) = (Vec::new(), per_thread, 0);
        for of in parts {
            let mut next = 0;
            while next < of.hashes.len() {
                let end = of.hashes.len().min(next + room);
                let rows = next..end;
                share.push(Piece { of, rows, first });
                room -= end - next;
                next = end;
                if room == 0 {
                    shares.push(std::mem::take(&mut share));
                    room = per_thread;
                }
            }
            first += of.hashes.len();
        }
        shares.push(share);
        shares
    }
}

impl Piece<'_> {
    /// The rows with a slot, by their places in the part.
    fn present(&self) -> impl Iterator<Item = usize> {
        let present = self.of.present.as_ref();
        let rows = self.rows.clone();
        rows.filter(move |row| present.is_none_or(|present| present.is_valid(*row)))
    }
}

impl Counted {
    fn of(share: &[Piece], shard_bits: u32) -> Self {
        let mut shards = vec![0; 1 << shard_bits];
        let (mut least, mut greatest) = (i64::MAX, i64::MIN);
        for piece in share {
            for row in piece.present() {
                shards[top_bits(piece.of.hashes[row], shard_bits)] += 1;
                least = least.min(piece.of.times[row]);
                greatest = greatest.max(piece.of.times[row]);
            }
        }
        let bounds = (least <= greatest).then_some((least, greatest));
        Self { shards, bounds }
    }
}

fn partition(parts: &[TimedKeys], rows: usize, shard_bits: u32, threads: usize) -> Partitioned {
    let shares = TimedKeys::shares(parts, rows, threads);
    let mut counted: Vec<Counted> = std::thread::scope(|scope| {
        let running: Vec<_> = shares
            .iter()
            .map(|share| scope.spawn(move || Counted::of(share, shard_bits)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("counting does not panic"))
            .collect()
    });
    let shards = 1_usize << shard_bits;
    let mut starts = Vec::with_capacity(shards + 1);
    let mut next = 0;
    for shard in 0..shards {
        starts.push(next);
        for counted in &mut counted {
            let count = counted.shards[shard];
            counted.shards[shard] = next;
            next += count;
        }
    }
    starts.push(next);
    let bounds = counted.iter().filter_map(|counted| counted.bounds);
    let (least, greatest) = bounds
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        .unwrap_or_default();
    // In pieces that take the place of memory that was freed, and leave room for others when they are.
    let most = (next * size_of::<Record>())
        .div_ceil(PIECE_BYTES)
        .max(threads);
    let piece_bits = (shards / most).max(1).ilog2();
    let pieces: Vec<Range<usize>> = (0..shards)
        .step_by(1 << piece_bits)
        .map(|first| first..first + (1 << piece_bits))
        .collect();
    let records: Vec<Shared<Record>> = pieces
        .iter()
        .map(|shards| Shared::unwritten(starts[shards.end] - starts[shards.start]))
        .collect();
    std::thread::scope(|scope| {
        for (share, counted) in shares.iter().zip(counted) {
            let (records, pieces, starts) = (&records, &pieces, &starts);
            let mut places = counted.shards;
            scope.spawn(move || {
                for piece in share {
                    for row in piece.present() {
                        let hash = piece.of.hashes[row];
                        let shard = top_bits(hash, shard_bits);
                        let of = shard >> piece_bits;
                        let place = &mut places[shard];
                        // SAFETY: the counts gave every row of every share its own place.
                        unsafe {
                            *records[of].at(*place - starts[pieces[of].start]) = Record {
                                hash,
                                time: piece.of.times[row],
                                row: (piece.first + row) as u32,
                            }
                        };
                        *place += 1;
                    }
                }
            });
        }
    });
    let pieces = pieces.into_iter().zip(records);
    Partitioned {
        pieces: pieces
            .map(|(shards, records)| ShardRecords {
                shards,
                records: records.into_vec(),
            })
            .collect(),
        starts,
        clock: Clock::of(least, greatest),
    }
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
