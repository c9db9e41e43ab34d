use super::best::{Best, Merged};
use super::exact::{Compared, Queries};
use crate::vectors::Metric;
use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, ListArray};
use datafusion::arrow::datatypes::{DataType, Float32Type, Int64Type};
use std::sync::Arc;

fn vectors(rows: &[&[f32]]) -> ArrayRef {
    let rows = rows.iter().map(|row| Some(row.iter().copied().map(Some)));
    Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(rows))
}

fn numbers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// The addresses and values of one query's hits.
fn hits(merged: &Merged, query: usize) -> (Vec<i64>, Vec<f64>) {
    let (values, _, columns) = merged
        .hits(query..query + 1, &[DataType::Int64])
        .expect("hits");
    let addresses = columns[0].as_primitive::<Int64Type>().values().to_vec();
    (addresses, values)
}

#[test]
fn the_best_of_all_parts_come_out_in_order_with_their_columns() {
    let mut parts = Vec::new();
    for part in 0..3 {
        let mut best = Best::new(1, 4);
        for batch in 0..5 {
            let rows = (0..100).map(|row| part + 3 * (row + 100 * batch));
            let addresses: Vec<i64> = rows.collect();
            for (row, address) in addresses.iter().enumerate() {
                best.offer(0, ((address * 7919) % 1501) as f64, *address, row);
            }
            best.keep(&[numbers(addresses)]).expect("keep");
        }
        parts.push(best);
    }
    let (addresses, values) = hits(&Merged::new(parts), 0);
    let mut expected: Vec<(i64, i64)> = (0..1500).map(|n| ((n * 7919) % 1501, n)).collect();
    expected.sort_unstable();
    expected.truncate(4);
    assert_eq!(addresses, expected.iter().map(|e| e.1).collect::<Vec<_>>());
    assert_eq!(
        values,
        expected.iter().map(|e| e.0 as f64).collect::<Vec<_>>()
    );
}

#[test]
fn rows_that_are_no_hits_any_more_are_dropped() {
    let mut best = Best::new(1, 2);
    for batch in (0..200).rev() {
        let addresses: Vec<i64> = (batch * 1000..(batch + 1) * 1000).rev().collect();
        for (row, address) in addresses.iter().enumerate() {
            best.offer(0, *address as f64, *address, row);
        }
        best.keep(&[numbers(addresses)]).expect("keep");
    }
    assert!(
        best.bytes() < 1 << 20,
        "{} bytes for two hits",
        best.bytes()
    );
    assert_eq!(hits(&Merged::new(vec![best]), 0).0, [0, 1]);
}

#[test]
fn equal_values_are_ordered_by_address_and_what_has_no_distance_is_no_hit() {
    let mut queries = Queries::default();
    queries.add(&vectors(&[&[1.0, 0.0]])).expect("queries");
    let rows = vectors(&[
        &[2.0, 0.0],
        &[1.0, 0.0],
        &[0.0, 0.0],
        &[f32::NAN, 1.0],
        &[0.0, 3.0],
    ]);
    let mut compared = Compared::new(1, 10, Metric::Cosine);
    let output = [numbers([9, 3, 1, 2, 4])];
    compared.add(&queries, &rows, &output).expect("add");
    let merged = Merged::new(vec![compared.best]);
    assert_eq!(hits(&merged, 0), (vec![3, 9, 4], vec![0.0, 0.0, 1.0]));
}

#[test]
fn a_query_that_is_not_finite_is_an_error() {
    let error = Queries::default().add(&vectors(&[&[f32::INFINITY]]));
    assert!(error.expect_err("infinite").to_string().contains("inf"));
}
