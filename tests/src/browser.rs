//! A real browser (Debian's chromium, headless) looking at a page.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Folder;

/// The page's document after its scripts have run for a while, as text.
pub fn dump_dom(url: &str) -> String {
    let output = chromium(&Folder::new(), url, &["--dump-dom"]);
    String::from_utf8_lossy(&output).into_owned()
}

/// Takes a picture of the page with a window of this size.
pub fn screenshot(url: &str, width: u32, height: u32, file: &Path) {
    let (size, shot) =
        (format!("--window-size={width},{height}"), format!("--screenshot={}", file.display()));
    chromium(&Folder::new(), url, &[&size, &shot, "--hide-scrollbars"]);
    assert!(file.exists(), "chromium made no picture");
}

fn chromium(profile: &Folder, url: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("timeout")
        .args(["60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        // virtual time: the page's own timers run on to here, then the browser is done
        .arg("--virtual-time-budget=3000")
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .output()
        .expect("chromium is installed: ./test does that");
    assert!(output.status.success(), "chromium: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
