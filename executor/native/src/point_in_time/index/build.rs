//! How a [`TimeIndex`] is made: rows are partitioned by hash, then each shard is sorted by key and time by one thread.
use super::super::keys::{self, KeyValues};
use super::super::row_bytes::PIECE_BYTES;
use super::super::shared::Shared;
use super::directory::{Directory, Filling, Hashed, Place, Tables};
use super::{Clock, NONE, TimeIndex, top_bits};
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

/// How many of a thread's rows belong to each shard, and what lies between what.
struct Counted {
    shards: Vec<usize>,
    times: Bounds,
    /// Of integers; else empty.
    keys: Bounds,
}

#[derive(Clone, Copy)]
struct Bounds {
    least: i64,
    greatest: i64,
}

/// The rows with a slot, shard by shard, and where each shard starts among all of them.
struct Partitioned {
    pieces: Vec<ShardRecords>,
    starts: Vec<usize>,
    clock: Clock,
    /// Of integers; else empty.
    keys: Bounds,
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
    /// Of no shard where the keys are dense.
    tables: Tables,
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
        let by_key = 6 * size_of::<u64>() + size_of::<u32>();
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
            keys,
        } = partition(&parts, &values, shard_bits, threads);
        drop(parts);
        let shards = starts.len() - 1;
        let count = starts[shards];

        let dense = Filling::new(keys.least, keys.greatest, rows);
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
                let building = Building::new(values, dense.as_ref(), part.first);
                running.push(scope.spawn(move || part.build(own, starts, building, slots, clock)));
            }
            running
                .into_iter()
                .map(|thread| thread.join().expect("building a shard does not panic"))
                .collect()
        });

        let ends = parts.iter().flat_map(|part| &part.ends).copied();
        let ends: Vec<u32> = ends.collect();
        let directory = match dense {
            Some(dense) => Directory::Dense(dense.finish()),
            None => {
                let tables = parts.into_iter().map(|part| part.tables).collect();
                Directory::Hashed(Hashed::new(tables, shard_bits, ends.len()))
            }
        };
        Self {
            directory,
            clock,
            steps,
            beyond,
            ends,
            slots: slots.into_vec(),
            rows: of_slot,
            keys: values,
        }
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
        mut building: Building,
        slots: &Shared<u32>,
        clock: Clock,
    ) -> Part {
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
    fn shares(parts: &[Self], threads: usize) -> Vec<Vec<Piece<'_>>> {
        let rows = parts.iter().map(|part| part.hashes.len()).sum::<usize>();
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

impl Bounds {
    const EMPTY: Self = Self {
        least: i64::MAX,
        greatest: i64::MIN,
    };

    fn is_empty(self) -> bool {
        self.least > self.greatest
    }

    fn include(&mut self, value: i64) {
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }

    fn of(all: impl Iterator<Item = Self>) -> Self {
        all.fold(Self::EMPTY, |a, b| Self {
            least: a.least.min(b.least),
            greatest: a.greatest.max(b.greatest),
        })
    }
}

impl Counted {
    fn of(share: &[Piece], shard_bits: u32, integers: bool) -> Self {
        let mut counted = Self {
            shards: vec![0; 1 << shard_bits],
            times: Bounds::EMPTY,
            keys: Bounds::EMPTY,
        };
        for piece in share {
            for row in piece.present() {
                let hash = piece.of.hashes[row];
                counted.shards[top_bits(hash, shard_bits)] += 1;
                counted.times.include(piece.of.times[row]);
                if integers {
                    counted.keys.include(keys::integer(hash));
                }
            }
        }
        counted
    }
}

fn partition(
    parts: &[TimedKeys],
    values: &KeyValues,
    shard_bits: u32,
    threads: usize,
) -> Partitioned {
    let shares = TimedKeys::shares(parts, threads);
    let integers = matches!(values, KeyValues::Integers);
    let mut counted: Vec<Counted> = std::thread::scope(|scope| {
        let running: Vec<_> = shares
            .iter()
            .map(|share| scope.spawn(move || Counted::of(share, shard_bits, integers)))
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
    let times = Bounds::of(counted.iter().map(|counted| counted.times));
    let keys = Bounds::of(counted.iter().map(|counted| counted.keys));
    let clock = match times.is_empty() {
        true => Clock::of(0, 0),
        false => Clock::of(times.least, times.greatest),
    };
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
        clock,
        keys,
    }
}

/// Sorts shards by (key, time, row) and makes their tables; the scratch is reused.
struct Building<'a> {
    keys: &'a KeyValues,
    dense: Option<&'a Filling>,
    /// The first slot of the next shard.
    slot: usize,
    part: Part,
    table: Vec<Group>,
    groups: Vec<u32>,
    next: Vec<u32>,
    hashes: Vec<u64>,
    /// Of the hashes' keys.
    places: Vec<Place>,
    unsorted: Vec<Record>,
}

/// The key of some records of a shard.
#[derive(Clone, Copy, Default)]
struct Group {
    hash: u64,
    number: u32,
    /// A row of it + 1; 0 = no key.
    row: u32,
}

impl<'a> Building<'a> {
    fn new(keys: &'a KeyValues, dense: Option<&'a Filling>, slot: usize) -> Self {
        Self {
            keys,
            dense,
            slot,
            part: Part {
                tables: Tables::default(),
                ends: Vec::new(),
            },
            table: Vec::new(),
            groups: Vec::new(),
            next: Vec::new(),
            hashes: Vec::new(),
            places: Vec::new(),
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
        self.places.clear();
        let mut start = 0;
        for end in &self.next {
            let slice = &mut records[start as usize..*end as usize];
            if slice.len() > 1 {
                slice.sort_unstable_by_key(|record| (record.time, record.row));
            }
            self.part.ends.push(self.slot as u32 + end);
            self.places.push(Place {
                start: self.slot as u32 + start,
                len: end - start,
            });
            start = *end;
        }
        let placed = self.hashes.iter().copied();
        let placed = placed.zip(self.places.iter().copied());
        match self.dense {
            // SAFETY: a key is in one shard, which is one thread's, and between the bounds of them all.
            Some(dense) => placed.for_each(|(hash, place)| unsafe { dense.put(hash, place) }),
            None => self.part.tables.add(placed),
        }
        self.slot += records.len();
    }

    /// Brings the records of each key together; `next` are then the ends of the keys' slices.
    fn group(&mut self, records: &mut [Record]) {
        let size = (records.len() * 2).next_power_of_two().max(2);
        self.table.clear();
        self.table.resize(size, Group::default());
        self.groups.clear();
        for record in records.iter() {
            let mut place = record.hash as usize & (size - 1);
            let group = loop {
                let entry = &mut self.table[place];
                if entry.row == 0 {
                    *entry = Group {
                        hash: record.hash,
                        number: self.hashes.len() as u32,
                        row: record.row + 1,
                    };
                    self.hashes.push(record.hash);
                    self.next.push(0);
                    break entry.number;
                }
                let row = entry.row as usize - 1;
                if entry.hash == record.hash && self.keys.equal(row, self.keys, record.row as usize)
                {
                    break entry.number;
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
