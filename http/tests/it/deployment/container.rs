//! A container as a file of `deploy/` describes it, and the same without an engine: a root of its own that is read-only but for its
//! mounts, and without the rights of root where the test has them to give away.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{Options, Server};

/// Makes the root in `$1` with the mounts `$2`, gives the mounts to the user `$3`, and becomes the program `$4` there.
const ENTER: &str = r#"
set -eu
root=$1 mounts=$2 user=$3 program=$4
mount --bind "$root" "$root"
for part in usr lib lib64 etc; do
    [ -e "/$part" ] || continue
    mkdir "$root/$part" && mount --bind "/$part" "$root/$part" && mount -o remount,bind,ro "$root/$part"
done
for part in dev proc; do mkdir "$root/$part" && mount --rbind "/$part" "$root/$part"; done
touch "$root/open-chat" && mount --bind "$program" "$root/open-chat"
volume=$(mktemp -d)
for path in $mounts; do
    mkdir -p "$root$path" "$volume$path"
    [ -z "$user" ] || chown "$user" "$volume$path"
    mount --bind "$volume$path" "$root$path"
done
mount -o remount,bind,ro "$root"
exec chroot ${user:+--userspec="$user"} "$root" /open-chat
"#;

pub(super) struct Container {
    pub(super) variables: BTreeMap<String, String>,
    /// Where it may write.
    pub(super) mounts: Vec<String>,
    /// `user:group`, by number.
    pub(super) user: String,
    /// What is asked of it over HTTP.
    pub(super) probes: Vec<String>,
    /// How long it may take to stop.
    pub(super) grace: Duration,
}

impl Container {
    /// Starts the binary with exactly these variables, but for addresses: those of the log become `log_servers` on this machine,
    /// and ports are free ones. The directory is the container's root.
    pub(super) fn start(&self, log_servers: &[u16]) -> (Server, TempDir) {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (path, mounts) = (root.path().to_str().unwrap(), self.mounts.join(" "));
        let user = if is_root() { self.user.as_str() } else { "" };
        let enter = [namespace(), &["sh", "-c", ENTER, "sh", path, &mounts, user]].concat();
        let options = self.variables.iter().fold(Options::default().through(&enter), |options, (name, value)| {
            options.var(name, moved(name, value, log_servers))
        });
        (Server::start(options), root)
    }
}

/// A value with addresses that exist here.
fn moved(name: &str, value: &str, log_servers: &[u16]) -> String {
    match name {
        "EVENT_LOG" => {
            let servers: Vec<_> = log_servers.iter().map(|port| format!("127.0.0.1:{port}")).collect();
            let addresses = value.strip_prefix("nats://").expect("the log is not on NATS");
            assert_eq!(addresses.split(',').count(), servers.len(), "{value}");
            format!("nats://{}", servers.join(","))
        }
        "PORT" => "0".to_owned(),
        "METRICS_ADDRESS" => format!("{}:0", value.rsplit_once(':').unwrap().0),
        _ => value.to_owned(),
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Begins a command in a namespace of its own.
fn namespace() -> &'static [&'static str] {
    if is_root() { &["unshare", "--mount"] } else { &["unshare", "--user", "--map-root-user", "--mount"] }
}

/// Whether this machine allows it; says so if it does not.
pub(super) fn can_contain() -> bool {
    let [program, arguments @ ..] = namespace() else { unreachable!("no command") };
    let allowed = Command::new(program).args(arguments).arg("true").status().is_ok_and(|status| status.success());
    if !allowed {
        eprintln!(
            "skipped, since this machine lets nobody but root have mounts of its own: be root, or allow user namespaces"
        );
    }
    allowed
}
