//! The tree as elements.

use sycamore::prelude::*;

use super::tree::{Kind, Node, parse};

/// A message's text.
#[component(inline_props)]
pub(crate) fn Markdown(text: String) -> View {
    let nodes = views(parse(&text));
    view! { div(class="markdown", dir="auto") { (nodes) } }
}

fn views(nodes: Vec<Node>) -> Vec<View> {
    nodes.into_iter().map(shown).collect()
}

fn shown(node: Node) -> View {
    match node {
        Node::Text(text) => view! { (text) },
        Node::Break => view! { br {} },
        Node::Rule => view! { hr {} },
        Node::Code(text) => view! { code { (text) } },
        Node::Link { address, inside } => {
            let inside = views(inside);
            view! { a(href=address, target="_blank", rel="noopener noreferrer external nofollow") { (inside) } }
        }
        Node::Element(kind, inside) => element(kind, views(inside)),
    }
}

fn element(kind: Kind, inside: Vec<View>) -> View {
    match kind {
        Kind::Paragraph => view! { p { (inside) } },
        // The page's own headings are for finding one's way; what a message calls one is only bold.
        Kind::Heading => view! { p(class="heading") { strong { (inside) } } },
        Kind::Quote => view! { blockquote { (inside) } },
        Kind::CodeBlock => view! { pre(tabindex="0") { code { (inside) } } },
        Kind::Ordered(first) => view! { ol(start=first.to_string()) { (inside) } },
        Kind::Unordered => view! { ul { (inside) } },
        Kind::Item => view! { li { (inside) } },
        Kind::Emphasis => view! { em { (inside) } },
        Kind::Strong => view! { strong { (inside) } },
        Kind::Strikethrough => view! { del { (inside) } },
        Kind::Table => view! { div(class="table", tabindex="0") { table { (inside) } } },
        Kind::HeadRow => view! { tr(class="head") { (inside) } },
        Kind::Row => view! { tr { (inside) } },
        Kind::Cell => view! { td { (inside) } },
        Kind::Plain => view! { (inside) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_a_message_is_escaped_and_its_links_open_elsewhere() {
        let html = sycamore::render_to_string(|| {
            view! { Markdown(text="<script>alert(1)</script> **b** [x](https://a.example)".to_owned()) }
        });
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("<strong") && html.contains("noopener noreferrer"), "{html}");
    }
}
