//! Deletion vectors of Iceberg v3: a blob in a Puffin file that holds a 64-bit roaring bitmap of row positions.
//!
//! ```text
//! length u32 BE | magic D1 D3 39 64 | bitmap: count u64 LE, then per bitmap key u32 LE + 32-bit roaring | CRC-32 u32 BE
//!               '------------------- length bytes, which the CRC covers -------------------------------'
//! ```
//! Sources: Iceberg's Puffin specification (`deletion-vector-v1`), RoaringFormatSpec.

use crate::errors::{self, failure, internal};
use crate::proto;
use crate::scan::failures;
use crate::scan::location::Location;
use datafusion::common::Result;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;

const MAGIC: u32 = 1_681_511_377;
/// No blob that a data file's positions need is larger.
const MAX_BYTES: u64 = 1 << 30;
const ARRAY_COOKIE: u32 = 12_346;
const RUN_COOKIE: u32 = 12_347;
const ARRAY_LIMIT: usize = 4096;
const OFFSETS_FROM: usize = 4;

pub async fn read(
    store: &Arc<dyn ObjectStore>,
    location: &Location,
    delete: &proto::DeleteFile,
) -> Result<Vec<u64>> {
    let invalid = |what: &str| {
        let message = format!("\"{}\" holds no deletion vector: {what}", location.url());
        failure(errors::INVALID_FILE, message)
    };
    let (offset, bytes) = match (
        u64::try_from(delete.content_offset),
        u64::try_from(delete.content_bytes),
    ) {
        (Ok(offset), Ok(bytes)) if bytes <= MAX_BYTES => (offset, bytes),
        _ => return Err(invalid("its offset or length is out of range")),
    };
    let blob = store
        .get_range(&location.object_path()?, offset..offset + bytes)
        .await
        .map_err(|e| failures::of_store(&location.url(), &e))?;
    decode(&blob).map_err(invalid)
}

/// The positions of a vector that came with the scan of `file`.
pub fn of_message(blob: &[u8], file: &str) -> Result<Vec<u64>> {
    let named = |what| internal(format!("the deletion vector of \"{file}\": {what}"));
    decode(blob).map_err(named)
}

/// Ascending row positions.
fn decode(blob: &[u8]) -> std::result::Result<Vec<u64>, &'static str> {
    let mut at = Cursor(blob);
    let length = at.array().map(u32::from_be_bytes)? as usize;
    let body = at.take(length)?;
    let crc = at.array().map(u32::from_be_bytes)?;
    if !at.0.is_empty() {
        return Err("its length is wrong");
    }
    if crc32(body) != crc {
        return Err("its checksum is wrong");
    }
    let mut at = Cursor(body);
    if at.u32()? != MAGIC {
        return Err("its magic number is wrong");
    }
    let bitmaps = at.array().map(u64::from_le_bytes)?;
    let mut positions = Vec::new();
    for _ in 0..bitmaps {
        let high = u64::from(at.u32()?) << 32;
        bitmap(&mut at, high, &mut positions)?;
    }
    Ok(positions)
}

fn bitmap(at: &mut Cursor, high: u64, out: &mut Vec<u64>) -> std::result::Result<(), &'static str> {
    let cookie = at.u32()?;
    let (count, runs) = match cookie & 0xffff {
        RUN_COOKIE => {
            let count = (cookie >> 16) as usize + 1;
            (count, at.take(count.div_ceil(8))?)
        }
        _ if cookie == ARRAY_COOKIE => (at.u32()? as usize, &[][..]),
        _ => return Err("its bitmap has an unknown form"),
    };
    if count > 1 << 16 {
        return Err("its bitmap has too many containers");
    }
    let header = at.take(count * 4)?;
    if runs.is_empty() || count >= OFFSETS_FROM {
        at.take(count * 4)?;
    }
    for (i, entry) in header.chunks_exact(4).enumerate() {
        let key = u64::from(u16::from_le_bytes([entry[0], entry[1]]));
        let cardinality = usize::from(u16::from_le_bytes([entry[2], entry[3]])) + 1;
        let base = high | (key << 16);
        if runs
            .get(i / 8)
            .is_some_and(|bits| bits & (1 << (i % 8)) != 0)
        {
            for _ in 0..at.u16()? {
                let (start, more) = (u64::from(at.u16()?), u64::from(at.u16()?));
                if start + more > 0xffff {
                    return Err("its bitmap has a run past its end");
                }
                out.extend((start..=start + more).map(|low| base | low));
            }
        } else if cardinality <= ARRAY_LIMIT {
            let values = at.take(cardinality * 2)?.chunks_exact(2);
            out.extend(values.map(|v| base | u64::from(u16::from_le_bytes([v[0], v[1]]))));
        } else {
            for (i, word) in at.take(8192)?.chunks_exact(8).enumerate() {
                let mut bits = u64::from_le_bytes(word.try_into().expect("eight bytes"));
                while bits != 0 {
                    out.push(base | (i as u64 * 64 + u64::from(bits.trailing_zeros())));
                    bits &= bits - 1;
                }
            }
        }
    }
    Ok(())
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, bytes: usize) -> std::result::Result<&'a [u8], &'static str> {
        let (head, tail) = self.0.split_at_checked(bytes).ok_or("it ends early")?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> std::result::Result<[u8; N], &'static str> {
        Ok(self.take(N)?.try_into().expect("N bytes"))
    }

    fn u32(&mut self) -> std::result::Result<u32, &'static str> {
        self.array().map(u32::from_le_bytes)
    }

    fn u16(&mut self) -> std::result::Result<u16, &'static str> {
        self.array().map(u16::from_le_bytes)
    }
}

/// CRC-32 (IEEE), a nibble at a time.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let table: [u32; 16] = std::array::from_fn(|n| {
        (0..4).fold(n as u32, |c, _| {
            if c & 1 == 1 {
                (c >> 1) ^ POLYNOMIAL
            } else {
                c >> 1
            }
        })
    });
    !bytes.iter().fold(!0u32, |crc, byte| {
        let crc = crc ^ u32::from(*byte);
        let crc = (crc >> 4) ^ table[(crc & 15) as usize];
        (crc >> 4) ^ table[(crc & 15) as usize]
    })
}

#[cfg(test)]
mod tests {
    use super::{MAGIC, crc32, decode};

    fn blob(bitmap: &[u8]) -> Vec<u8> {
        let mut body = MAGIC.to_le_bytes().to_vec();
        body.extend(1u64.to_le_bytes());
        body.extend(2u32.to_le_bytes());
        body.extend(bitmap);
        let mut out = (body.len() as u32).to_be_bytes().to_vec();
        out.extend(&body);
        out.extend(crc32(&body).to_be_bytes());
        out
    }

    #[test]
    fn checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn arrays_and_runs_are_read() {
        let mut array = 12_346u32.to_le_bytes().to_vec();
        array.extend(1u32.to_le_bytes());
        array.extend([5, 0, 1, 0, 16, 0, 0, 0, 7, 0, 9, 0]);
        let base = (2u64 << 32) | (5 << 16);
        assert_eq!(decode(&blob(&array)).unwrap(), vec![base | 7, base | 9]);
        let mut run = 12_347u32.to_le_bytes().to_vec();
        run.extend([1, 5, 0, 2, 0, 1, 0, 3, 0, 2, 0]);
        assert_eq!(
            decode(&blob(&run)).unwrap(),
            vec![base | 3, base | 4, base | 5]
        );
    }

    #[test]
    fn damage_is_found() {
        let mut array = 12_346u32.to_le_bytes().to_vec();
        array.extend(1u32.to_le_bytes());
        array.extend([5, 0, 0, 0, 16, 0, 0, 0, 7, 0]);
        let good = blob(&array);
        for end in 0..good.len() {
            assert!(decode(&good[..end]).is_err());
        }
        let mut bad = good;
        bad[12] ^= 1;
        assert!(decode(&bad).is_err());
    }
}
