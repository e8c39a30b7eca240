//! One process a directory, and a clear word on a directory that does not do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use chat_eventlog::EventLog;
use chat_eventlog::conformance::{Author, history, store};
use chat_eventlog::embedded::{EmbeddedLog, OpenError};

use crate::full_disk::on_a_small_disk;
use crate::rerun::{self, inside, words};

fn refusal(directory: &Path) -> OpenError {
    EmbeddedLog::open(directory).err().expect("a log that should not have been opened")
}

#[test]
fn a_directory_is_open_once_and_free_when_that_log_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(directory.path()).unwrap();
    let error = refusal(directory.path());
    assert!(matches!(error, OpenError::Locked), "{error}");
    assert!(error.to_string().contains("stop that process"), "{error}");

    drop(log);
    EmbeddedLog::open(directory.path()).unwrap();
}

#[test]
fn a_directory_that_another_process_has_open_is_refused() {
    if let Some(directory) = rerun::directory() {
        assert!(matches!(refusal(&directory), OpenError::Locked));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let _log = EmbeddedLog::open(directory.path()).unwrap();
    let name = "opening::a_directory_that_another_process_has_open_is_refused";
    rerun::pass(&[], name, directory.path());
}

#[tokio::test]
async fn missing_directories_are_made() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("data/of/a/widget");
    let log = EmbeddedLog::open(&deep).unwrap();
    store(&log, &Author::new().events(1)).await;
    assert!(deep.join("events.sqlite").is_file());
}

#[test]
fn a_file_in_place_of_the_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("data");
    fs::write(&file, "a file").unwrap();
    let error = refusal(&file);
    assert!(matches!(error, OpenError::Unusable(_)), "{error}");
    assert!(error.to_string().contains("check that it is a directory"), "{error}");
}

#[test]
fn a_directory_without_write_access_is_refused() {
    // Not as root, whom access rights do not stop.
    let as_a_user = |_: &str| words(["unshare", "--user", "--map-user=1000", "--map-group=1000"]);
    inside("opening::a_directory_without_write_access_is_refused", as_a_user, |directory| async move {
        let missing = directory.join("missing");
        let existing = directory.join("existing");
        drop(EmbeddedLog::open(&existing).unwrap());
        for path in [&existing, &directory] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o555)).unwrap();
        }
        for path in [&missing, &existing] {
            let error = refusal(path);
            assert!(matches!(error, OpenError::NotWritable(_)), "{}: {error}", path.display());
            assert!(error.to_string().contains("give this user write access"), "{error}");
        }
        for path in [&directory, &existing] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    });
}

#[test]
fn a_read_only_disk_is_refused() {
    inside("opening::a_read_only_disk_is_refused", on_a_small_disk, |directory| async move {
        let existing = directory.join("existing");
        drop(EmbeddedLog::open(&existing).unwrap());
        let remounted = Command::new("mount").args(["-o", "remount,bind,ro"]).arg(&directory).status().unwrap();
        assert!(remounted.success());
        for path in [directory.join("missing"), existing] {
            let error = refusal(&path);
            assert!(matches!(error, OpenError::NotWritable(_)), "{}: {error}", path.display());
        }
    });
}

#[test]
fn a_full_disk_is_refused_and_taken_when_it_has_space_again() {
    inside(
        "opening::a_full_disk_is_refused_and_taken_when_it_has_space_again",
        on_a_small_disk,
        |directory| async move {
            let existing = directory.join("existing");
            store(&EmbeddedLog::open(&existing).unwrap(), &Author::new().events(1)).await;
            let filler = directory.join("filler");
            fs::write(&filler, vec![0; 4 << 20]).unwrap_err();

            for path in [directory.join("missing"), existing.clone()] {
                let error = refusal(&path);
                assert!(matches!(error, OpenError::DiskFull(_)), "{}: {error}", path.display());
                assert!(error.to_string().contains("free some space"), "{error}");
            }
            fs::remove_file(filler).unwrap();
            assert_eq!(history(&EmbeddedLog::open(&existing).unwrap()).await.len(), 1);
            assert_eq!(EmbeddedLog::open(&directory.join("missing")).unwrap().end().await.unwrap().get(), 0);
        },
    );
}
