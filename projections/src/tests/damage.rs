//! Damage to the file of the read models that is met at start, wherever in the file it is and whatever of it is cut off.

use std::fs;
use std::io;
use std::sync::{Arc, Mutex};

use super::log_double::LogDouble;
use super::{Following, database};

/// What is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_file_cut_off_anywhere_is_built_anew_and_that_is_logged_once() {
    let log = LogDouble::new(1);
    for n in 0..400 {
        log.asks(&format!("visitor-{n}"), 1_000 + n, "m1", "hello");
        log.answered(&format!("visitor-{n}"), 2_000 + n, "m1", &"good day ".repeat(50));
    }
    let mut models = Following::all_of(log).await;
    let before = models.rows();
    for share in [1, 10, 30, 50, 70, 90, 99] {
        let (dir, log) = models.stop().await;
        let whole = fs::metadata(database(&dir)).unwrap().len();
        fs::File::options().write(true).open(database(&dir)).unwrap().set_len(whole * share / 100).unwrap();
        let delivered = log.delivered();
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        models = tracing::subscriber::with_default(subscriber, || Following::start_in(dir, log));
        models.catch_up().await;
        models.until(|status| status.state == crate::State::Live).await;
        assert_eq!(models.log.delivered(), delivered + 800, "{share} % of the file");
        assert_eq!(models.rows(), before, "{share} % of the file");
        let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(lines.matches("begin anew").count(), 1, "{share} %: {lines}");
    }
}
