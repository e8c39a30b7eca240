//! The demo: a page with the script tag, as a site owner would have it.

use maud::{Markup, html};

use super::{page, script_tag};

pub(super) fn render(public_url: &str, key: &str) -> Markup {
    let body = html! {
        h1 { "Your site, with a chat in the corner" }
        p.lead { "Open the button at the bottom right and ask something. Reload, close the tab, come back: the conversation stays." }
        h2 { "Put it on your site" }
        p { "Paste this before " code { "</body>" } ". The key is this development server's; in production set your own." }
        pre tabindex="0" aria-label="Script tag" { code { (script_tag(public_url, key)) } }
        h2 { "What happens" }
        p { "Each conversation is an actor. Your message is written to the event log before the first word of the answer is "
            "shown, and the answer is written before it counts as done, so nothing that was acknowledged is lost." }
        ul {
            li { a href="/docs" { "API reference" } }
            li { a href="/v1/openapi.json" { "OpenAPI document" } }
            li { a href="/ready" { "State of this server" } }
        }
        p.muted { "This page is served in development only." }
    };
    // Relative addresses, so that the page works under every name this server is reached by.
    let widget = html! {
        script src="/widget/chat-widget.js" data-api-url="/chat" data-api-key=(key) defer {}
    };
    page("Demo", &body, &widget)
}
