//! Names of calls in schemas. The optimizer asks for the name of every level of an expression again and again, so the name
//! of a deep one must neither spell out nor look at all of it: a chain of n terms would cost n^3.

use super::Arithmetic;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Cast, Expr};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Expressions with more nodes go by the digest of what they were made as.
const SPELLED_OUT: usize = 12;

/// Equal calls have equal names, different calls different ones.
pub fn of(symbol: &str, digest: u128, args: &[Expr]) -> String {
    if is_small(args) {
        let args: Vec<String> = args.iter().map(|a| a.schema_name().to_string()).collect();
        return format!("{symbol}({})", args.join(","));
    }
    format!("{symbol}(#{digest:032x})")
}

/// Of a call, from the digests of the calls in it.
pub fn digest(symbol: &str, declared: &DataType, args: &[Expr]) -> u128 {
    let parts: Vec<u128> = args.iter().map(of_argument).collect();
    both(&(symbol, declared, parts))
}

fn of_argument(arg: &Expr) -> u128 {
    match arg {
        Expr::ScalarFunction(call) => match call.func.inner().downcast_ref::<Arithmetic>() {
            Some(inner) => inner.digest,
            None => both(arg),
        },
        Expr::Cast(Cast { expr, field }) => both(&(field, of_argument(expr))),
        other => both(other),
    }
}

fn both(value: &impl Hash) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, value).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

fn is_small(args: &[Expr]) -> bool {
    let mut nodes = 0;
    let mut count = |_: &Expr| {
        nodes += 1;
        Ok(match nodes > SPELLED_OUT {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    };
    args.iter().all(|arg| arg.apply(&mut count).is_ok()) && nodes <= SPELLED_OUT
}
