//! The rows with the smallest values, and the columns of those that are still among them.

use datafusion::arrow::array::{ArrayRef, UInt32Array, new_empty_array};
use datafusion::arrow::compute::{interleave, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Rows of a batch that is being looked at.
const PENDING: u64 = 1 << 63;
/// The store is gathered anew when it has so many rows that are no hits any more.
const SLACK_ROWS: usize = 8192;

#[derive(Debug, Clone, Copy)]
pub struct Hit {
    pub value: f64,
    /// Decides between equal values.
    pub tie: i64,
    /// Where its columns are: a row of the store, or of the batch that is being looked at.
    row: u64,
}

impl Ord for Hit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value
            .total_cmp(&other.value)
            .then(self.tie.cmp(&other.tie))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Hit {}

/// The best rows of every query, as one thread sees them.
pub struct Best {
    count: usize,
    heaps: Vec<BinaryHeap<Hit>>,
    /// Columns of stored rows, in pieces; by piece, where it begins.
    pieces: Vec<Vec<ArrayRef>>,
    starts: Vec<usize>,
    stored: usize,
}

impl Best {
    pub fn new(queries: usize, count: usize) -> Self {
        Self {
            count,
            heaps: (0..queries).map(|_| BinaryHeap::new()).collect(),
            pieces: Vec::new(),
            starts: Vec::new(),
            stored: 0,
        }
    }

    /// Values that are not smaller are no hits.
    #[inline]
    pub fn bound(&self, query: usize) -> f64 {
        let heap = &self.heaps[query];
        match heap.peek() {
            Some(worst) if heap.len() >= self.count => worst.value,
            _ => f64::INFINITY,
        }
    }

    pub fn offer(&mut self, query: usize, value: f64, tie: i64, row: usize) {
        let heap = &mut self.heaps[query];
        let hit = Hit {
            value,
            tie,
            row: PENDING | row as u64,
        };
        if heap.len() < self.count {
            heap.push(hit);
        } else if let Some(mut worst) = heap.peek_mut()
            && hit < *worst
        {
            *worst = hit;
        }
    }

    /// After a batch: keeps the columns of its rows that are hits.
    pub fn keep(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let mut rows: Vec<u32> = self
            .heaps
            .iter()
            .flat_map(|heap| heap.iter())
            .filter(|hit| hit.row & PENDING != 0)
            .map(|hit| (hit.row & !PENDING) as u32)
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_unstable();
        rows.dedup();
        let picked = UInt32Array::from(rows.clone());
        let piece = columns
            .iter()
            .map(|column| Ok(take(column, &picked, None)?))
            .collect::<Result<Vec<_>>>()?;
        let start = self.stored;
        self.rename(|row| match row & PENDING != 0 {
            true => {
                let at = rows.binary_search(&((row & !PENDING) as u32));
                start as u64 + at.unwrap_or_default() as u64
            }
            false => row,
        });
        self.starts.push(start);
        self.pieces.push(piece);
        self.stored += rows.len();
        let live: usize = self.heaps.iter().map(BinaryHeap::len).sum();
        if self.stored > 2 * live + SLACK_ROWS {
            self.gather()?;
        }
        Ok(())
    }

    fn rename(&mut self, name: impl Fn(u64) -> u64) {
        for heap in &mut self.heaps {
            let mut hits = std::mem::take(heap).into_vec();
            hits.iter_mut().for_each(|hit| hit.row = name(hit.row));
            *heap = BinaryHeap::from(hits);
        }
    }

    fn gather(&mut self) -> Result<()> {
        let mut rows: Vec<u64> = self.heaps.iter().flatten().map(|hit| hit.row).collect();
        rows.sort_unstable();
        rows.dedup();
        let places: Vec<(usize, usize)> = rows.iter().map(|row| self.place(*row)).collect();
        let width = self.pieces.first().map_or(0, Vec::len);
        let piece = (0..width)
            .map(|column| {
                let parts: Vec<_> = self.pieces.iter().map(|p| p[column].as_ref()).collect();
                Ok(interleave(&parts, &places)?)
            })
            .collect::<Result<Vec<_>>>()?;
        self.rename(|row| rows.binary_search(&row).unwrap_or_default() as u64);
        self.stored = rows.len();
        self.pieces = vec![piece];
        self.starts = vec![0];
        Ok(())
    }

    /// The piece of a stored row, and where it is there.
    fn place(&self, row: u64) -> (usize, usize) {
        let piece = self.starts.partition_point(|start| *start as u64 <= row) - 1;
        (piece, row as usize - self.starts[piece])
    }

    pub fn bytes(&self) -> usize {
        let columns = self.pieces.iter().flatten();
        let stored: usize = columns.map(|c| c.get_array_memory_size()).sum();
        let hits = self.heaps.iter().map(BinaryHeap::capacity);
        stored
            + hits.sum::<usize>() * size_of::<Hit>()
            + self.heaps.len() * size_of::<BinaryHeap<Hit>>()
    }
}

/// What several threads found: each query's hits, best first, with the part they are from.
pub struct Merged {
    parts: Vec<Best>,
}

impl Merged {
    pub fn new(parts: Vec<Best>) -> Self {
        Self { parts }
    }

    /// The hits of some queries, one after the other: values, where each query ends, and the columns.
    pub fn hits(
        &self,
        queries: std::ops::Range<usize>,
        columns: &[DataType],
    ) -> Result<(Vec<f64>, Vec<usize>, Vec<ArrayRef>)> {
        let offsets: Vec<usize> = self
            .parts
            .iter()
            .scan(0, |next, part| {
                let first = *next;
                *next += part.pieces.len();
                Some(first)
            })
            .collect();
        let (mut values, mut ends, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for query in queries {
            let mut all: Vec<(usize, Hit)> = self
                .parts
                .iter()
                .enumerate()
                .flat_map(|(i, part)| part.heaps[query].iter().map(move |hit| (i, *hit)))
                .collect();
            all.sort_unstable_by_key(|(_, hit)| *hit);
            all.truncate(self.parts.first().map_or(0, |part| part.count));
            for (part, hit) in all {
                let (piece, row) = self.parts[part].place(hit.row);
                values.push(hit.value);
                places.push((offsets[part] + piece, row));
            }
            ends.push(values.len());
        }
        let columns = columns
            .iter()
            .enumerate()
            .map(|(column, kind)| {
                if places.is_empty() {
                    return Ok(new_empty_array(kind));
                }
                let pieces = self.parts.iter().flat_map(|part| &part.pieces);
                let arrays: Vec<_> = pieces.map(|piece| piece[column].as_ref()).collect();
                Ok(interleave(&arrays, &places)?)
            })
            .collect::<Result<Vec<_>>>();
        Ok((values, ends, columns?))
    }
}
