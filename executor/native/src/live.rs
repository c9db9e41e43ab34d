//! Counts what a query still holds, so that closing it can wait for the last piece.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Tokens given out and not yet dropped.
#[derive(Debug, Default)]
pub struct Live {
    count: Mutex<usize>,
    none: Condvar,
}

/// Something of the query is alive: a task, an open Java reader, a buffer that Java lent.
#[derive(Debug)]
pub struct Token(Arc<Live>);

impl Live {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub fn token(self: &Arc<Self>) -> Token {
        *self.count.lock().expect("live count") += 1;
        Token(Arc::clone(self))
    }

    /// Blocks until there is no token, or for `timeout`; says whether there is none.
    pub fn wait_for_none(&self, timeout: Duration) -> bool {
        let count = self.count.lock().expect("live count");
        let (count, _) = self
            .none
            .wait_timeout_while(count, timeout, |n| *n > 0)
            .expect("live count");
        *count == 0
    }
}

impl Clone for Token {
    fn clone(&self) -> Self {
        self.0.token()
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let mut count = self.0.count.lock().expect("live count");
        *count -= 1;
        if *count == 0 {
            self.0.none.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_last_token() {
        let live = Live::new();
        let token = live.token();
        assert!(!live.wait_for_none(Duration::from_millis(1)));
        let other = token.clone();
        let thread = std::thread::spawn(move || drop(other));
        drop(token);
        assert!(live.wait_for_none(Duration::from_secs(5)));
        thread.join().unwrap();
    }
}
