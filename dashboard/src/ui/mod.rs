//! What all pages are made of.

pub(crate) mod broken;
pub(crate) mod copy;
pub(crate) mod dialog;
pub(crate) mod each;
pub(crate) mod icons;
pub(crate) mod markdown;
pub(crate) mod notice;
pub(crate) mod states;
pub(crate) mod storage;
pub(crate) mod tasks;
pub(crate) mod theme;
pub(crate) mod time;
pub(crate) mod timer;
