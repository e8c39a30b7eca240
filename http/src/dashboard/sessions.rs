//! Who is signed in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use chat_actors::{Refusal, Services};
use chat_eventlog::{EventLog, Position, Recorded};
use chat_schema::{ConversationId, Event, Operator, OperatorAct};
use futures_util::StreamExt;
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::sleep;

use super::cookie::{Cookies, LIFETIME, Session};
use super::signed_out::SignedOut;
use crate::app::App;
use crate::client_address::LimitKey;
use crate::clock::now;
use crate::error::ApiError;
use crate::keys::Key;
use crate::metrics::{Limited, count_limited};
use crate::rate_limit::RateLimiter;

/// Wrong passwords of a client in [`WINDOW`].
const ATTEMPTS: u32 = 10;
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Events of the operators' stream read at once.
const PAGE: u64 = 200;
/// Pause before a log that is away is followed again.
const PAUSE: Duration = Duration::from_secs(1);

/// The dashboard's sessions; there are none where it is off.
pub(crate) struct Sessions {
    password: Key,
    cookies: Cookies,
    signed_out: SignedOut,
    /// Changes with every sign-out that is heard of.
    changed: watch::Sender<()>,
    attempts: RateLimiter,
}

impl Sessions {
    /// For whoever knows `password`; `secure` where browsers come over https.
    pub(crate) fn new(password: &SecretString, secrets: &[SecretString], secure: bool) -> Self {
        Self {
            password: Key::new(password),
            cookies: Cookies::new(secrets, password, secure),
            signed_out: SignedOut::default(),
            changed: watch::Sender::new(()),
            attempts: RateLimiter::new(ATTEMPTS, WINDOW),
        }
    }

    /// The session of a request.
    pub(crate) fn of(&self, request: &HttpRequest) -> Option<Session> {
        self.cookies.open(request).filter(|session| !self.signed_out.contains(session.id))
    }

    /// Whether a request claims to have one.
    pub(crate) fn is_claimed(&self, request: &HttpRequest) -> bool {
        self.cookies.is_given(request)
    }

    /// A new session for whoever gives the password. Both outcomes are recorded before they are told.
    pub(crate) async fn sign_in(
        &self,
        services: &Services,
        client: LimitKey,
        password: &str,
    ) -> Result<(Session, Cookie<'static>), ApiError> {
        let now = Instant::now();
        // Counted before it is compared, so that guesses sent at once do not all get through.
        let attempts = self.attempts.take(client, now);
        if !attempts.allowed {
            count_limited(Limited::SignIn);
            return Err(ApiError::TooManyRequests(attempts));
        }
        if !self.password.matches(password.as_bytes()) {
            services.record(Operator::Dashboard, OperatorAct::SignInRefused {}).await?;
            return Err(ApiError::Unauthorized);
        }
        self.attempts.refund(client, now);
        services.record(Operator::Dashboard, OperatorAct::SignedIn {}).await?;
        Ok(self.cookies.make())
    }

    /// Ends a session on every replica; when this returns it is over here, and that is durable.
    pub(crate) async fn sign_out(&self, services: &Services, session: Session) -> Result<(), ApiError> {
        services.record(Operator::Dashboard, OperatorAct::SignedOut { session: session.id }).await?;
        self.forget(session.id, session.expires_at);
        Ok(())
    }

    /// The cookie that takes a session's cookie away.
    pub(crate) fn removal(&self) -> Cookie<'static> {
        self.cookies.removal()
    }

    /// Completes when the session is over.
    pub(crate) async fn ended(&self, session: Session) {
        let mut changed = self.changed.subscribe();
        let left = Duration::from_millis(session.expires_at.saturating_sub(now()));
        let signed_out = async {
            while !self.signed_out.contains(session.id) {
                // An error would mean that the sender is gone, and `self` holds it.
                let _ = changed.changed().await;
            }
        };
        tokio::select! {
            () = signed_out => {}
            () = sleep(left) => {}
        }
    }

    /// Learns what was signed out before this process began.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(crate) async fn recall(&self, services: &Services) -> Result<(), Refusal> {
        let oldest = now().saturating_sub(LIFETIME.as_millis() as u64);
        let mut before = None;
        loop {
            let page = services.operator_events(before, PAGE).await?;
            page.iter().for_each(|recorded| self.hear(recorded));
            let last = page.last().map(|recorded| &recorded.event.envelope);
            match last.filter(|last| last.version > 1 && last.recorded_at >= oldest) {
                Some(last) => before = Some(last.version),
                None => return Ok(()),
            }
        }
    }

    fn hear(&self, recorded: &Recorded) {
        let envelope = &recorded.event.envelope;
        if let Event::OperatorActed { act: OperatorAct::SignedOut { session }, .. } = envelope.event {
            self.forget(session, envelope.recorded_at + LIFETIME.as_millis() as u64);
        }
    }

    fn forget(&self, session: chat_schema::OperatorSessionId, until: u64) {
        self.signed_out.add(session, until, now());
        self.changed.send_replace(());
    }
}

/// Hears what other replicas sign out, for as long as the process lives.
pub(crate) async fn follow_sign_outs(app: App, log: Arc<dyn EventLog>, mut after: Position) {
    let Some(sessions) = &app.sessions else { return };
    loop {
        let mut events = log.subscribe(after);
        while let Some(Ok(recorded)) = events.next().await {
            after = recorded.position;
            if recorded.event.envelope.conversation_id == ConversationId::OPERATORS {
                sessions.hear(&recorded);
            }
        }
        sleep(PAUSE).await;
    }
}
