//! Kernels over slices of equal length. They are plain loops over lanes: the compiler makes vector instructions of them.

/// Independent sums, so that additions do not wait for each other: four registers of eight lanes.
const LANES: usize = 32;

/// FLOAT32 or FLOAT64.
pub trait Real: Copy + Into<f64> {
    const ZERO: Self;
    /// `self * a + sum`, rounded once.
    fn add_product(self, a: Self, sum: Self) -> Self;
    fn minus(self, other: Self) -> Self;
}

macro_rules! real {
    ($type:ty) => {
        impl Real for $type {
            const ZERO: Self = 0.0;

            #[inline(always)]
            fn add_product(self, a: Self, sum: Self) -> Self {
                self.mul_add(a, sum)
            }

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self - other
            }
        }
    };
}

real!(f32);
real!(f64);

#[inline(always)]
fn sum_of<T: Real>(a: &[T], b: &[T], step: impl Fn(T, T, T) -> T) -> f64 {
    let mut lanes = [T::ZERO; LANES];
    let (whole, other) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = whole.remainder().iter().zip(other.remainder());
    let mut tail = T::ZERO;
    for (x, y) in rest {
        tail = step(*x, *y, tail);
    }
    for (xs, ys) in whole.zip(other) {
        for lane in 0..LANES {
            lanes[lane] = step(xs[lane], ys[lane], lanes[lane]);
        }
    }
    lanes.iter().map(|lane| (*lane).into()).sum::<f64>() + tail.into()
}

pub fn dot<T: Real>(a: &[T], b: &[T]) -> f64 {
    sum_of(a, b, |x, y, sum| x.add_product(y, sum))
}

pub fn squared_distance<T: Real>(a: &[T], b: &[T]) -> f64 {
    sum_of(a, b, |x, y, sum| {
        let difference = x.minus(y);
        difference.add_product(difference, sum)
    })
}

pub fn norm<T: Real>(a: &[T]) -> f64 {
    dot(a, a).sqrt()
}

/// None for a vector without direction.
pub fn cosine<T: Real>(a: &[T], b: &[T]) -> Option<f64> {
    let norms = norm(a) * norm(b);
    (norms > 0.0).then(|| (dot(a, b) / norms).clamp(-1.0, 1.0))
}

/// How near two vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Hash)]
pub enum Metric {
    Cosine,
    Euclidean,
    DotProduct,
}

impl Metric {
    /// The smaller the nearer; NaN where there is no distance. The norms count for cosine only.
    #[inline]
    pub fn distance(self, a: &[f32], b: &[f32], norms: f64) -> f64 {
        match self {
            Self::Cosine if norms > 0.0 => 1.0 - (dot(a, b) / norms).clamp(-1.0, 1.0),
            Self::Cosine => f64::NAN,
            Self::Euclidean => squared_distance(a, b).sqrt(),
            Self::DotProduct => -dot(a, b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cosine, dot, squared_distance};

    #[test]
    fn every_length_gives_the_plain_sum() {
        for length in [0usize, 1, 7, 31, 32, 33, 64, 100, 384] {
            let a: Vec<f64> = (0..length).map(|i| (i as f64 * 0.37).sin()).collect();
            let b: Vec<f64> = (0..length).map(|i| (i as f64 * 0.11).cos()).collect();
            let plain: f64 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
            let squares: f64 = a.iter().zip(&b).map(|(x, y)| (x - y) * (x - y)).sum();
            assert!((dot(&a, &b) - plain).abs() < 1e-12);
            assert!((squared_distance(&a, &b) - squares).abs() < 1e-12);
            let (small_a, small_b): (Vec<f32>, Vec<f32>) = a
                .iter()
                .zip(&b)
                .map(|(x, y)| (*x as f32, *y as f32))
                .unzip();
            assert!((dot(&small_a, &small_b) - plain).abs() < 1e-4);
        }
    }

    #[test]
    fn a_vector_without_direction_has_no_cosine() {
        assert_eq!(cosine(&[0.0f32, 0.0], &[1.0, 2.0]), None);
        assert_eq!(cosine(&[f32::NAN, 0.0], &[1.0, 2.0]), None);
        assert_eq!(cosine(&[3.0f32, 4.0], &[6.0, 8.0]), Some(1.0));
    }
}
