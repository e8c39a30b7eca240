//! What visitors and models write, as Markdown: parsed into a tree of few kinds, which becomes elements and text nodes. No markup of
//! theirs is ever given to the browser to read: HTML stays the text it is, images are links, and links go to the web or to mail.

mod tree;
mod view;

pub(crate) use view::Markdown;
