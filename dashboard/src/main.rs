//! What the browser starts.

fn main() {
    chat_dashboard::start();
}
