//! A time limit that is moved with every token: a timer that is set anew each time costs more than the token.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that may ring too early, and is set anew only then.
#[derive(Debug)]
pub struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    /// Rings at `deadline` at first.
    pub fn new(deadline: Instant) -> Self {
        Self(Box::pin(sleep_until(deadline)))
    }

    /// What `future` gives, or `None` when it has given nothing at `deadline`.
    pub async fn limit<F: Future>(&mut self, deadline: Instant, future: F) -> Option<F::Output> {
        if self.0.deadline() > deadline {
            self.0.as_mut().reset(deadline);
        }
        let mut future = std::pin::pin!(future);
        loop {
            tokio::select! {
                biased;
                output = &mut future => return Some(output),
                () = self.0.as_mut() => {
                    if self.0.deadline() >= deadline {
                        return None;
                    }
                    self.0.as_mut().reset(deadline);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_each_deadline_whether_that_is_later_or_earlier_than_the_one_before() {
        let begin = Instant::now();
        let mut alarm = Alarm::new(begin + 5 * SECOND);
        for at in [5, 9, 10, 30, 31] {
            let deadline = begin + at * SECOND;
            assert_eq!(alarm.limit(deadline + 100 * SECOND, ready(at)).await, Some(at));
            assert_eq!(alarm.limit(deadline, pending::<u32>()).await, None);
            assert_eq!(begin.elapsed().as_secs(), u64::from(at));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_before_the_deadline_comes() {
        let begin = Instant::now();
        let mut alarm = Alarm::new(begin);
        for at in [1, 2, 7] {
            let output = async {
                sleep_until(begin + at * SECOND).await;
                at
            };
            assert_eq!(alarm.limit(begin + 8 * SECOND, output).await, Some(at));
        }
    }
}
