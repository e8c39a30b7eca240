//! The sessions that were signed out and would otherwise still hold.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use chat_schema::OperatorSessionId;

/// Bounded: whoever signs out held a session, and each is forgotten once it would have ended by itself.
#[derive(Default)]
pub(super) struct SignedOut(RwLock<HashMap<OperatorSessionId, u64>>);

impl SignedOut {
    /// Remembers it until `until`, in milliseconds since the Unix epoch, and forgets what is over `now`.
    pub(super) fn add(&self, session: OperatorSessionId, until: u64, now: u64) {
        let mut sessions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, until| *until > now);
        if until > now {
            sessions.insert(session, until);
        }
    }

    pub(super) fn contains(&self, session: OperatorSessionId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_session_is_remembered_until_it_would_be_over() {
        let (signed_out, one, other) = (SignedOut::default(), Uuid::new_v4().into(), Uuid::new_v4().into());
        signed_out.add(one, 10, 5);
        assert!(signed_out.contains(one) && !signed_out.contains(other));
        signed_out.add(other, 20, 10);
        assert!(!signed_out.contains(one) && signed_out.contains(other));
        signed_out.add(one, 10, 10);
        assert_eq!(signed_out.0.read().unwrap().len(), 1);
    }
}
