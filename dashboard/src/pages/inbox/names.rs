//! Visitors have no names; two words made from the conversation's id are easier to tell apart than digits.

use chat_schema::ConversationId;

const FIRST: [&str; 16] = [
    "Calm", "Brave", "Quick", "Kind", "Bright", "Quiet", "Merry", "Proud", "Sunny", "Clever", "Gentle", "Lucky",
    "Swift", "Witty", "Bold", "Happy",
];
const SECOND: [&str; 32] = [
    "otter", "falcon", "maple", "comet", "harbor", "willow", "badger", "cedar", "lynx", "meadow", "pebble", "raven",
    "salmon", "tulip", "walrus", "zebra", "acorn", "breeze", "clover", "dune", "ember", "fern", "glacier", "heron",
    "iris", "jasmine", "kestrel", "lagoon", "moose", "nectar", "orchid", "puffin",
];

/// A name such as `Calm otter 4f`.
pub(crate) fn name(id: ConversationId) -> String {
    let bytes = id.as_uuid().as_bytes();
    let (first, second) = (FIRST[usize::from(bytes[0] % 16)], SECOND[usize::from(bytes[1] % 32)]);
    format!("{first} {second} {:02x}", bytes[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_always_has_the_same_name() {
        let id: ConversationId = "00014f00-0000-5000-8000-000000000000".parse().unwrap();
        assert_eq!(name(id), "Calm falcon 4f");
    }
}
