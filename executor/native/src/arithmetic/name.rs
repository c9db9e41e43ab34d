//! Names of calls in schemas. The optimizer asks for the name of every level of an expression again and again, so the name
//! of a deep one must not spell out all of it: a chain of n terms would cost n^3.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Expr;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Expressions with more nodes go by a digest.
const SPELLED_OUT: usize = 12;

/// Equal calls have equal names, different calls different ones.
pub fn of(symbol: &str, declared: &DataType, args: &[Expr]) -> String {
    if is_small(args) {
        let args: Vec<String> = args.iter().map(|a| a.schema_name().to_string()).collect();
        return format!("{symbol}({})", args.join(","));
    }
    let digest = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, declared, args).hash(&mut hasher);
        hasher.finish()
    };
    format!("{symbol}(#{:016x}{:016x})", digest(0), digest(1))
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
