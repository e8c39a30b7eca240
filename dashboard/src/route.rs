//! Which address shows what. Everything below `/dashboard/` is served the same page, so that every address can be reloaded.

use chat_schema::ConversationId;
use sycamore::prelude::window;
use sycamore_router::Route;

use crate::pages::inbox::name;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Route)]
pub(crate) enum Page {
    /// The list.
    #[to("/dashboard")]
    Inbox,
    /// The list with a conversation beside it.
    #[to("/dashboard/conversations/<id>")]
    Conversation {
        /// As in the address; may be no id at all.
        id: String,
    },
    /// The events of a conversation.
    #[to("/dashboard/conversations/<id>/audit")]
    ConversationAudit {
        /// As in the address; may be no id at all.
        id: String,
    },
    /// Figures.
    #[to("/dashboard/overview")]
    Overview,
    /// What operators did.
    #[to("/dashboard/audit")]
    Audit,
    /// The script tag.
    #[to("/dashboard/install")]
    Install,
    /// The server's own state.
    #[to("/dashboard/system")]
    System,
    /// Anything else.
    #[not_found]
    NotFound,
}

/// A place of the navigation rail. Pages of one place share what they show: a thread opens beside its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Conversations.
    Inbox,
    /// Figures.
    Overview,
    /// Events.
    Audit,
    /// The script tag.
    Install,
    /// The server.
    System,
    /// No place.
    Nowhere,
}

impl Page {
    /// The page of an address.
    pub(crate) fn at(path: &str) -> Self {
        Self::default().match_path(path)
    }

    /// Where the page belongs.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Inbox | Self::Conversation { .. } => Place::Inbox,
            Self::Overview => Place::Overview,
            Self::Audit | Self::ConversationAudit { .. } => Place::Audit,
            Self::Install => Place::Install,
            Self::System => Place::System,
            Self::NotFound => Place::Nowhere,
        }
    }

    /// Of the browser's window.
    pub(crate) fn title(&self) -> String {
        let name = match self {
            Self::Inbox => "Inbox".into(),
            Self::Conversation { .. } => self.conversation().map_or("Inbox".into(), name),
            Self::ConversationAudit { .. } => {
                self.conversation().map_or("Audit".into(), |id| format!("Events of {}", name(id)))
            }
            Self::Overview => "Overview".into(),
            Self::Audit => "Audit".into(),
            Self::Install => "Install".into(),
            Self::System => "System".into(),
            Self::NotFound => "Nothing here".into(),
        };
        name + " · Open Chat"
    }

    /// The conversation it shows; `None` too if the address names none that can be.
    pub(crate) fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Conversation { id } | Self::ConversationAudit { id } => id.parse().ok(),
            _ => None,
        }
    }
}

/// Address of a conversation's thread.
pub(crate) fn conversation(id: ConversationId) -> String {
    format!("/dashboard/conversations/{id}")
}

/// Address of a conversation's events.
pub(crate) fn conversation_audit(id: ConversationId) -> String {
    format!("/dashboard/conversations/{id}/audit")
}

/// Goes to an address, from either program: the router of the first hears of it as of the browser's own back and forward.
pub(crate) fn go(address: &str) {
    let window = window();
    if let (Ok(history), Ok(event)) = (window.history(), web_sys::PopStateEvent::new("popstate")) {
        let _ = history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(address));
        let _ = window.dispatch_event(&event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "9a1c7a3e-2f0b-5d4c-8e6f-0123456789ab";

    #[test]
    fn every_address_leads_back_to_its_page() {
        let id: ConversationId = ID.parse().unwrap();
        assert_eq!(Page::at("/dashboard/"), Page::Inbox);
        assert_eq!(Page::at(&conversation(id)).conversation(), Some(id));
        assert_eq!(Page::at(&conversation_audit(id)), Page::ConversationAudit { id: ID.into() });
        assert_eq!(Page::at("/dashboard/nowhere").place(), Place::Nowhere);
    }

    #[test]
    fn an_address_that_names_no_conversation_opens_none() {
        assert_eq!(Page::at("/dashboard/conversations/x").conversation(), None);
        assert_eq!(Page::at("/dashboard/conversations/x").place(), Place::Inbox);
    }
}
