//! Lets the server compile before widget and dashboard were built: `rust-embed` wants the folders to exist.

fn main() -> std::io::Result<()> {
    for folder in ["../widget/dist", "../dashboard/dist"] {
        println!("cargo::rerun-if-changed={folder}");
        std::fs::create_dir_all(folder)?;
    }
    Ok(())
}
