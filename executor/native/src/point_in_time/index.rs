//! The spine's index: key -> the key's rows in the order of their times.
use super::keys::{BatchKeys, KeyValues};
use datafusion::arrow::buffer::NullBuffer;

/// No slot, no row.
pub const NONE: u32 = u32::MAX;

/// State of a feature is locked by stripe; a stripe is a range of hashes and a range of slots.
pub const STRIPE_BITS: u32 = 6;

/// Rows of one shard share the top bits of their keys' hashes and stay in a core's cache while they are sorted.
const ROWS_PER_SHARD: usize = 4096;
const MAX_SHARD_BITS: u32 = 12;

/// Every spine row with a key and a time has a *slot*; slots are numbered by (shard, key, time, row), so the rows of one
/// key are neighbours in the order of their times.
pub struct SpineIndex {
    shard_bits: u32,
    shards: Vec<Shard>,
    /// First slot of each shard, and the number of slots.
    offsets: Vec<u32>,
    keys: KeyValues,
    /// Slot of each spine row, or [`NONE`].
    slots: Vec<u32>,
    /// Bit per hash prefix: unset = no spine row has such a key.
    filter: Vec<u64>,
    filter_bits: u32,
}

struct Shard {
    table: Vec<Entry>,
    times: Vec<i64>,
    /// Ends of the keys' slices, local, ascending.
    ends: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    /// A spine row with the key.
    row: u32,
    start: u32,
    /// 0 = the entry is free.
    len: u32,
}

#[derive(Clone, Copy)]
struct Record {
    hash: u64,
    time: i64,
    row: u32,
}

/// The slots of one key and their times, ascending.
pub struct Slice<'a> {
    pub first_slot: u32,
    pub times: &'a [i64],
}

impl SpineIndex {
    pub fn build(
        keys: BatchKeys,
        times: &[i64],
        valid: Option<&NullBuffer>,
        threads: usize,
    ) -> Self {
        let BatchKeys {
            hashes,
            values,
            valid: keys_valid,
        } = keys;
        let present = NullBuffer::union(keys_valid.as_ref(), valid);
        let rows = hashes.len();
        let shard_bits = (rows / ROWS_PER_SHARD).max(1).ilog2().min(MAX_SHARD_BITS);
        let is_present = |row: usize| present.as_ref().is_none_or(|nulls| nulls.is_valid(row));

        let mut starts = vec![0_usize; (1 << shard_bits) + 1];
        for row in (0..rows).filter(|row| is_present(*row)) {
            starts[top_bits(hashes[row], shard_bits) + 1] += 1;
        }
        for shard in 1..starts.len() {
            starts[shard] += starts[shard - 1];
        }
        let mut next = starts.clone();
        let mut records = vec![
            Record {
                hash: 0,
                time: 0,
                row: 0
            };
            starts[1 << shard_bits]
        ];
        for row in (0..rows).filter(|row| is_present(*row)) {
            let place = &mut next[top_bits(hashes[row], shard_bits)];
            records[*place] = Record {
                hash: hashes[row],
                time: times[row],
                row: row as u32,
            };
            *place += 1;
        }
        drop(hashes);

        let (shards, mut records) = build_shards(records, &starts, &values, threads);
        let mut slots = vec![NONE; rows];
        for (slot, record) in records.iter().enumerate() {
            slots[record.row as usize] = slot as u32;
        }
        let filter_bits = (shards.iter().map(|s| s.ends.len()).sum::<usize>() * 8)
            .max(64)
            .ilog2()
            .min(30)
            + 1;
        let mut filter = vec![0_u64; (1 << filter_bits) / 64];
        for record in &records {
            let bit = top_bits(record.hash, filter_bits);
            filter[bit / 64] |= 1 << (bit % 64);
        }
        records.clear();
        let offsets = starts.iter().map(|start| *start as u32).collect();
        Self {
            shard_bits,
            shards,
            offsets,
            keys: values,
            slots,
            filter,
            filter_bits,
        }
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.offsets[self.shards.len()] as usize
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let shards = self.shards.iter().map(|s| {
            size_of_val(s.table.as_slice())
                + size_of_val(s.times.as_slice())
                + size_of_val(s.ends.as_slice())
        });
        shards.sum::<usize>()
            + self.keys.bytes()
            + size_of_val(self.slots.as_slice())
            + size_of_val(self.filter.as_slice())
    }

    pub fn slot_of_row(&self, row: usize) -> u32 {
        self.slots[row]
    }

    /// False only when no spine row has a key of this hash.
    #[inline]
    pub fn may_contain(&self, hash: u64) -> bool {
        let bit = top_bits(hash, self.filter_bits);
        self.filter[bit / 64] & (1 << (bit % 64)) != 0
    }

    /// The slots of the key of row `row` of `keys`.
    #[inline]
    pub fn find(&self, hash: u64, keys: &KeyValues, row: usize) -> Option<Slice<'_>> {
        let number = top_bits(hash, self.shard_bits);
        let shard = &self.shards[number];
        let entry =
            shard.table[shard.find(hash, |spine_row| self.keys.equal(spine_row, keys, row))];
        (entry.len > 0).then(|| Slice {
            first_slot: self.offsets[number] + entry.start,
            times: &shard.times[entry.start as usize..(entry.start + entry.len) as usize],
        })
    }

    /// Stripes of equal hash ranges: the number of the stripe of a hash, and the first slot of each stripe.
    pub fn stripe_of(&self, hash: u64) -> usize {
        top_bits(hash, self.shard_bits.min(STRIPE_BITS))
    }

    pub fn stripe_slots(&self) -> Vec<std::ops::Range<u32>> {
        let bits = self.shard_bits.min(STRIPE_BITS);
        let shards_each = 1_usize << (self.shard_bits - bits);
        (0..1_usize << bits)
            .map(|stripe| {
                self.offsets[stripe * shards_each]..self.offsets[(stripe + 1) * shards_each]
            })
            .collect()
    }

    /// Calls `visit` for each key with the slots and times of its rows, in slot order.
    pub fn for_each_slice(&self, mut visit: impl FnMut(Slice<'_>)) {
        for (shard, offset) in self.shards.iter().zip(&self.offsets) {
            let mut start = 0_u32;
            for end in &shard.ends {
                visit(Slice {
                    first_slot: offset + start,
                    times: &shard.times[start as usize..*end as usize],
                });
                start = *end;
            }
        }
    }

    /// Bytes a spine of so many rows needs at most while the index is built, for the memory pool.
    pub fn bytes_for(rows: usize) -> usize {
        rows * (size_of::<Record>()
            + size_of::<u64>()
            + size_of::<i64>()
            + 3 * size_of::<u32>()
            + 3 * size_of::<Entry>())
    }
}

impl Shard {
    fn find(&self, hash: u64, equal: impl Fn(usize) -> bool) -> usize {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let entry = &self.table[place];
            if entry.len == 0 || (entry.hash == hash && equal(entry.row as usize)) {
                return place;
            }
            place = (place + 1) & mask;
        }
    }
}

/// Sorts each shard's records by (key, time, row) and returns them with the shards' tables.
fn build_shards(
    mut records: Vec<Record>,
    starts: &[usize],
    keys: &KeyValues,
    threads: usize,
) -> (Vec<Shard>, Vec<Record>) {
    let count = starts.len() - 1;
    let per_thread = count.div_ceil(threads.max(1));
    let mut parts: Vec<(usize, &mut [Record])> = Vec::new();
    let mut rest = records.as_mut_slice();
    for first in (0..count).step_by(per_thread) {
        let last = (first + per_thread).min(count);
        let (part, remaining) = rest.split_at_mut(starts[last] - starts[first]);
        parts.push((first, part));
        rest = remaining;
    }
    let shards = std::thread::scope(|scope| {
        let running: Vec<_> = parts
            .into_iter()
            .map(|(first, part)| {
                scope.spawn(move || {
                    let last = (first + per_thread).min(count);
                    (first..last)
                        .map(|shard| {
                            build_shard(
                                &mut part[starts[shard] - starts[first]
                                    ..starts[shard + 1] - starts[first]],
                                keys,
                            )
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().expect("building a shard does not panic"))
            .collect()
    });
    (shards, records)
}

fn build_shard(records: &mut [Record], keys: &KeyValues) -> Shard {
    let free = Entry {
        hash: 0,
        row: 0,
        start: 0,
        len: 0,
    };
    let mut shard = Shard {
        table: vec![free; (records.len() * 2).next_power_of_two().max(2)],
        times: Vec::with_capacity(records.len()),
        ends: Vec::new(),
    };
    // Number the keys in the order of their first row; `start` holds the number until the slices are laid out.
    let mut groups: Vec<u32> = Vec::with_capacity(records.len());
    let mut lengths: Vec<u32> = Vec::new();
    for record in records.iter() {
        let place = shard.find(record.hash, |row| {
            keys.equal(row, keys, record.row as usize)
        });
        let entry = &mut shard.table[place];
        if entry.len == 0 {
            *entry = Entry {
                hash: record.hash,
                row: record.row,
                start: lengths.len() as u32,
                len: 0,
            };
            lengths.push(0);
        }
        entry.len += 1;
        lengths[entry.start as usize] += 1;
        groups.push(entry.start);
    }
    let mut next: Vec<u32> = Vec::with_capacity(lengths.len());
    let mut start = 0;
    for length in &lengths {
        next.push(start);
        start += length;
        shard.ends.push(start);
    }
    for entry in shard.table.iter_mut().filter(|entry| entry.len > 0) {
        entry.start = next[entry.start as usize];
    }
    let unsorted = records.to_vec();
    for (record, group) in unsorted.iter().zip(&groups) {
        let place = &mut next[*group as usize];
        records[*place as usize] = *record;
        *place += 1;
    }
    let mut start = 0;
    for end in &shard.ends {
        records[start..*end as usize].sort_unstable_by_key(|record| (record.time, record.row));
        start = *end as usize;
    }
    shard.times.extend(records.iter().map(|record| record.time));
    shard
}

#[inline]
fn top_bits(hash: u64, bits: u32) -> usize {
    if bits == 0 {
        0
    } else {
        (hash >> (64 - bits)) as usize
    }
}
