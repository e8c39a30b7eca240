//! Markdown as a tree. Pure, so that what it lets through can be tested without a browser.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// As it is.
    Text(String),
    /// Something with something in it.
    Element(Kind, Vec<Node>),
    /// The end of a line.
    Break,
    /// A line across.
    Rule,
    /// Words of code.
    Code(String),
    /// A place on the web.
    Link {
        /// `http:`, `https:` or `mailto:`.
        address: String,
        /// What it is called.
        inside: Vec<Node>,
    },
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Paragraph,
    Heading,
    Quote,
    CodeBlock,
    Ordered(u64),
    Unordered,
    Item,
    Emphasis,
    Strong,
    Strikethrough,
    Table,
    HeadRow,
    Row,
    Cell,
    /// Nothing of its own.
    Plain,
}

/// Deeper than anybody writes; what is deeper still is put side by side.
const DEEPEST: usize = 24;

enum Open {
    Element(Kind),
    Link(Option<String>),
}

/// Reads a message.
pub(super) fn parse(text: &str) -> Vec<Node> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut stack: Vec<(Open, Vec<Node>)> = vec![(Open::Element(Kind::Plain), Vec::new())];
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(tag) => {
                let open = if stack.len() > DEEPEST { Open::Element(Kind::Plain) } else { opened(tag) };
                stack.push((open, Vec::new()));
            }
            Event::End(end) => {
                // The root stays, whatever the parser says.
                if stack.len() > 1
                    && let Some((open, inside)) = stack.pop()
                {
                    add(&mut stack, closed(open, inside, end));
                }
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                add(&mut stack, Node::Text(text.into_string()))
            }
            Event::Code(text) => add(&mut stack, Node::Code(text.into_string())),
            // Chat is written line by line.
            Event::SoftBreak | Event::HardBreak => add(&mut stack, Node::Break),
            Event::Rule => add(&mut stack, Node::Rule),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                add(&mut stack, Node::Text(text.into_string()));
            }
            Event::TaskListMarker(_) => {}
        }
    }
    stack.into_iter().next().map(|(_, nodes)| nodes).unwrap_or_default()
}

fn add(stack: &mut [(Open, Vec<Node>)], node: Node) {
    if let Some((_, inside)) = stack.last_mut() {
        inside.push(node);
    }
}

fn opened(tag: Tag<'_>) -> Open {
    Open::Element(match tag {
        Tag::Paragraph => Kind::Paragraph,
        Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2 | HeadingLevel::H3, .. } | Tag::Heading { .. } => {
            Kind::Heading
        }
        Tag::BlockQuote(_) => Kind::Quote,
        Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => Kind::CodeBlock,
        Tag::List(Some(first)) => Kind::Ordered(first),
        Tag::List(None) => Kind::Unordered,
        Tag::Item => Kind::Item,
        Tag::Emphasis => Kind::Emphasis,
        Tag::Strong => Kind::Strong,
        Tag::Strikethrough => Kind::Strikethrough,
        Tag::Table(_) => Kind::Table,
        Tag::TableHead => Kind::HeadRow,
        Tag::TableRow => Kind::Row,
        Tag::TableCell => Kind::Cell,
        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => return Open::Link(safe(&dest_url)),
        _ => Kind::Plain,
    })
}

fn closed(open: Open, inside: Vec<Node>, end: TagEnd) -> Node {
    match open {
        Open::Element(kind) => Node::Element(kind, inside),
        Open::Link(Some(address)) => {
            // An image without a description would be a link without a name.
            let inside =
                if inside.is_empty() && end == TagEnd::Image { vec![Node::Text(address.clone())] } else { inside };
            Node::Link { address, inside }
        }
        Open::Link(None) => Node::Element(Kind::Plain, inside),
    }
}

/// The address, if following it does nothing but open a page or a mail.
fn safe(address: &str) -> Option<String> {
    let clean: String = address.chars().filter(|c| !c.is_control()).collect();
    let lower = clean.trim().to_ascii_lowercase();
    ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)).then(|| clean.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node {
        Node::Text(text.into())
    }

    fn paragraph(inside: Vec<Node>) -> Node {
        Node::Element(Kind::Paragraph, inside)
    }

    #[test]
    fn markup_stays_the_text_it_is() {
        let nodes = parse("a <img src=x onerror=alert(1)> b");
        assert_eq!(nodes, [paragraph(vec![text("a "), text("<img src=x onerror=alert(1)>"), text(" b")])]);
        let block = format!("{:?}", parse("<script>alert(1)</script>"));
        assert!(block.contains("<script>alert(1)</script>") && !block.contains("Link"), "{block}");
    }

    #[test]
    fn only_links_to_the_web_and_to_mail_are_links() {
        for good in ["https://a.example/x?y=1", "HTTP://a.example", "mailto:a@b.example"] {
            let nodes = parse(&format!("[x](<{good}>)"));
            assert_eq!(nodes, [paragraph(vec![Node::Link { address: good.into(), inside: vec![text("x")] }])]);
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "//a.example",
            "/x",
            "#x",
            "java\tscript:x",
        ] {
            let nodes = format!("{:?}", parse(&format!("[x](<{bad}>)")));
            assert!(!nodes.contains("Link"), "{bad}: {nodes}");
        }
    }

    #[test]
    fn an_image_is_a_link_and_never_fetched() {
        let link = |inside: &str| Node::Link { address: "https://a.example/x.png".into(), inside: vec![text(inside)] };
        assert_eq!(parse("![a cat](https://a.example/x.png)"), [paragraph(vec![link("a cat")])]);
        assert_eq!(parse("![](https://a.example/x.png)"), [paragraph(vec![link("https://a.example/x.png")])]);
        assert!(!format!("{:?}", parse("![x](data:image/svg+xml,<svg>)")).contains("Link"));
    }

    #[test]
    fn a_line_end_is_a_line_end() {
        assert_eq!(parse("a\nb"), [paragraph(vec![text("a"), Node::Break, text("b")])]);
    }

    #[test]
    fn nesting_is_bounded() {
        fn depth(nodes: &[Node]) -> usize {
            let deeper = |node: &Node| match node {
                Node::Element(Kind::Plain, inside) => depth(inside),
                Node::Element(_, inside) | Node::Link { inside, .. } => 1 + depth(inside),
                _ => 0,
            };
            nodes.iter().map(deeper).max().unwrap_or(0)
        }
        let nodes = parse(&format!("{}x", "> ".repeat(2_000)));
        assert!(depth(&nodes) <= DEEPEST + 1, "{}", depth(&nodes));
    }
}
