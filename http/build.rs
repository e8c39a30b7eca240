//! Lets the server compile before the widget was built: `rust-embed` wants the folder to exist.

fn main() -> std::io::Result<()> {
    let bundle = "../widget/dist";
    println!("cargo::rerun-if-changed={bundle}");
    std::fs::create_dir_all(bundle)
}
