//! The dashboard: its two programs, the glue around them, its style sheet and its page, as the server embeds them.
//!
//! Every asset is named by its content, so that browsers may keep it for ever.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::{precompress, process, server, wasm, widget};

/// Where the finished files are.
pub(crate) const DIST: &str = "dashboard/dist";

/// Where browsers find the assets.
const PUBLIC: &str = "/dashboard/assets";
const GLUE: &str = "target/dashboard";

/// What every visit loads, and what is loaded with the first page that is not of the inbox.
const FIRST: &str = "chat-dashboard";
const REST: &str = "chat-dashboard-rest";

const BUILD: &[&str] = &[
    "build",
    "--package",
    "chat-dashboard",
    "--target",
    wasm::TARGET,
    "--profile",
    "wasm-release",
    "--message-format",
    "json-render-diagnostics",
];

/// Makes everything anew that changed.
pub(crate) fn build() -> Result<()> {
    wasm::ensure()?;
    // esbuild is one of the widget's packages.
    widget::install()?;
    let mut dist = Dist::default();
    let (rest, rest_glue) = (dist.program(REST)?, dist.glue(REST)?);
    let program = dist.program(FIRST)?;
    let start = bundled(
        "dashboard/start/start.js",
        &[
            "--format=esm".into(),
            format!("--external:{PUBLIC}/*"),
            format!("--alias:chat-dashboard=./{GLUE}/{FIRST}.js"),
            format!("--define:WASM=\"{program}\""),
            format!("--define:REST=\"{rest}\""),
            format!("--define:REST_GLUE=\"{rest_glue}\""),
        ],
    )?;
    let start = dist.asset("start", "js", &start)?;
    let style = dist.asset("style", "css", &bundled("dashboard/style/main.css", &[])?)?;
    let page = fs::read_to_string("dashboard/index.html")?;
    let page = page.replace("{{wasm}}", &program).replace("{{start}}", &start).replace("{{style}}", &style);
    dist.file(Path::new("index.html"), page.as_bytes())?;
    dist.finish()
}

/// Compiles a program, and makes the module that loads it.
fn bindgen(name: &str) -> Result<()> {
    let mut cargo = process::cargo(BUILD);
    cargo.args(["--bin", name]);
    Bindgen::new()
        .input_path(server::artifact(cargo, "the dashboard")?)
        .out_name(name)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(GLUE))
        .context("wasm-bindgen cannot read what the compiler made: is its version the one in Cargo.toml?")
}

fn bundled(entry: &str, options: &[String]) -> Result<Vec<u8>> {
    let mut esbuild = Command::new("widget/node_modules/.bin/esbuild");
    esbuild.args([
        entry,
        "--bundle",
        "--minify",
        "--target=es2022,chrome111,firefox111,safari16.4",
        "--log-level=warning",
    ]);
    esbuild.args(options);
    process::output(esbuild)
}

/// The finished files; what is left from earlier builds goes.
#[derive(Default)]
struct Dist {
    written: BTreeSet<PathBuf>,
}

impl Dist {
    /// Makes and writes a program.
    fn program(&mut self, name: &str) -> Result<String> {
        bindgen(name)?;
        self.asset(
            name.trim_start_matches("chat-"),
            "wasm",
            &fs::read(Path::new(GLUE).join(format!("{name}_bg.wasm")))?,
        )
    }

    /// Writes the module that loads a program, by itself.
    fn glue(&mut self, name: &str) -> Result<String> {
        let glue = bundled(&format!("{GLUE}/{name}.js"), &["--format=esm".into()])?;
        self.asset(name.trim_start_matches("chat-"), "js", &glue)
    }

    /// Writes an asset; the answer is its address.
    fn asset(&mut self, name: &str, extension: &str, bytes: &[u8]) -> Result<String> {
        let digest: String = Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{name}-{digest}.{extension}");
        self.file(&Path::new("assets").join(&name), bytes)?;
        Ok(format!("{PUBLIC}/{name}"))
    }

    /// Writes a file and its compressed forms.
    fn file(&mut self, name: &Path, bytes: &[u8]) -> Result<()> {
        let file = Path::new(DIST).join(name);
        fs::create_dir_all(file.parent().unwrap_or(Path::new(DIST)))?;
        precompress::write_if_changed(&file, bytes)?;
        precompress::precompress(&file)?;
        for extension in ["br", "gz"] {
            self.written.insert(precompress::beside(&file, extension));
        }
        self.written.insert(file);
        Ok(())
    }

    fn finish(self) -> Result<()> {
        for folder in [DIST.to_owned(), format!("{DIST}/assets")] {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_file() && !self.written.contains(&path) {
                    fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
                }
            }
        }
        Ok(())
    }
}
