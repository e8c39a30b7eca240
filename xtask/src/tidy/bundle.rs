//! The widget's budget: what a visitor of every page downloads.

use anyhow::Result;

use crate::{precompress, widget};

const BUDGET: usize = 12 * 1024;

/// Nothing before the first build; `cargo xtask test` builds the widget before it comes here.
pub(super) fn complaints() -> Result<Vec<String>> {
    let Ok(bundle) = std::fs::read(widget::BUNDLE) else {
        return Ok(Vec::new());
    };
    Ok(over_budget(precompress::gzip(&bundle)?.len()).into_iter().collect())
}

fn over_budget(size: usize) -> Option<String> {
    let excess = size.checked_sub(BUDGET).filter(|excess| *excess > 0)?;
    Some(format!("{}: {excess} bytes over its budget of {BUDGET} gzip bytes: make it smaller", widget::BUNDLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_over_its_budget_is_refused() {
        assert_eq!(over_budget(BUDGET), None);
        let complaint = "widget/dist/chat-widget.js: 1 bytes over its budget of 12288 gzip bytes: make it smaller";
        assert_eq!(over_budget(BUDGET + 1).unwrap(), complaint);
    }
}
