//! A set of row addresses, as functions get it.
//!
//! ```text
//! blocks in ascending order: address / 65536 as u64 | count as u32 | count < 4096: u16 each, ascending; else 65536 bits
//! ```
//! Everything little endian. `dev.kelda.spi.connector.RowSet` reads it.

use datafusion::arrow::array::Int64Array;
use std::collections::BTreeMap;

const BLOCK_BITS: u32 = 16;
const WORDS: usize = 1 << (BLOCK_BITS - 6);
/// Fewer are written one by one.
const SPARSE: u32 = 4096;

#[derive(Default)]
pub struct RowSet {
    blocks: BTreeMap<u64, Box<[u64; WORDS]>>,
}

impl RowSet {
    pub fn add(&mut self, addresses: &Int64Array) {
        let values = addresses.values();
        let mut row = 0;
        while row < values.len() {
            // Rows come file by file: one lookup a run.
            let key = values[row] as u64 >> BLOCK_BITS;
            let words = self
                .blocks
                .entry(key)
                .or_insert_with(|| Box::new([0; WORDS]));
            while row < values.len() && values[row] as u64 >> BLOCK_BITS == key {
                let low = values[row] as u64 & ((1 << BLOCK_BITS) - 1);
                words[(low >> 6) as usize] |= 1 << (low & 63);
                row += 1;
            }
        }
    }

    pub fn merge(&mut self, other: RowSet) {
        for (key, words) in other.blocks {
            match self.blocks.entry(key) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(words);
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => {
                    for (word, more) in entry.get_mut().iter_mut().zip(words.iter()) {
                        *word |= more;
                    }
                }
            }
        }
    }

    pub fn bytes(&self) -> usize {
        self.blocks.len() * (WORDS * 8 + 16)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (key, words) in &self.blocks {
            let count: u32 = words.iter().map(|w| w.count_ones()).sum();
            out.extend(key.to_le_bytes());
            out.extend(count.to_le_bytes());
            if count >= SPARSE {
                words.iter().for_each(|word| out.extend(word.to_le_bytes()));
                continue;
            }
            for (i, word) in words.iter().enumerate() {
                let mut bits = *word;
                while bits != 0 {
                    let low = i as u32 * 64 + bits.trailing_zeros();
                    out.extend((low as u16).to_le_bytes());
                    bits &= bits - 1;
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::RowSet;
    use datafusion::arrow::array::Int64Array;

    #[test]
    fn few_rows_are_written_one_by_one() {
        let mut set = RowSet::default();
        set.add(&Int64Array::from(vec![3, 1, 1 << 40]));
        let mut other = RowSet::default();
        other.add(&Int64Array::from(vec![2]));
        set.merge(other);
        let mut expected = Vec::new();
        expected.extend(0u64.to_le_bytes());
        expected.extend(3u32.to_le_bytes());
        [1u16, 2, 3]
            .iter()
            .for_each(|v| expected.extend(v.to_le_bytes()));
        expected.extend((1u64 << 24).to_le_bytes());
        expected.extend(1u32.to_le_bytes());
        expected.extend(0u16.to_le_bytes());
        assert_eq!(set.encode(), expected);
    }

    #[test]
    fn many_rows_are_written_as_bits() {
        let mut set = RowSet::default();
        set.add(&Int64Array::from_iter_values(0..5000));
        assert_eq!(set.encode().len(), 12 + 8192);
    }
}
