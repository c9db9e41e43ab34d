pub fn x() -> usize { std::mem::size_of::<datafusion::prelude::SessionContext>() }
