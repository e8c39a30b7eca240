//! The icons: 20 units wide, strokes of 1.5, drawn for this project. They say nothing by themselves: what holds one has a name.

use sycamore::prelude::*;

/// An icon's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Audit,
    Back,
    Check,
    Close,
    Copy,
    Download,
    Erase,
    Inbox,
    Install,
    Overview,
    Search,
    SignOut,
    System,
    Warning,
}

impl Name {
    fn path(self) -> &'static str {
        match self {
            Self::Audit => "M5 3h7l3 3v11H5zM12 3v3h3M8 10h4M8 13h4",
            Self::Back => "M12 4l-6 6 6 6",
            Self::Check => "M4 10.5l4 4 8-9",
            Self::Close => "M5 5l10 10M15 5L5 15",
            Self::Copy => "M7 7h9v10H7zM4 13V3h9",
            Self::Download => "M10 3v10M6 9l4 4 4-4M4 17h12",
            Self::Erase => "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11M9 9v5M11 9v5",
            Self::Inbox => "M3 11l2.5-7h9L17 11v5H3zM3 11h4l1 2h4l1-2h4",
            Self::Install => "M7 6l-4 4 4 4M13 6l4 4-4 4M11 4L9 16",
            Self::Overview => "M3 17h14M5 14v-4M9 14V6M13 14V9M16 14V4",
            Self::Search => "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5L17 17",
            Self::SignOut => "M12 4H4v12h8M9 10h8M14 7l3 3-3 3",
            Self::System => "M3 4h14v5H3zM3 11h14v5H3zM6 6.5h.1M6 13.5h.1",
            Self::Warning => "M10 3l8 14H2zM10 8v4M10 14.5v.1",
        }
    }
}

/// Draws an icon.
#[component(inline_props)]
pub(crate) fn Icon(name: Name) -> View {
    view! {
        svg("viewBox"="0 0 20 20", class="icon", aria-hidden="true", "focusable"="false") {
            path("d"=name.path())
        }
    }
}
