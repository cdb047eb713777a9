//! `steadygrad fetch`: downloads a published data set, checked, to where `source = "mnist"` finds it.

use crate::Outcome;
use anyhow::{Context, bail};
use md5::{Digest, Md5};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use steadygrad::data::Published;
use steadygrad::data::file::replace;
use steadygrad::engine::data_size;
use steadygrad::lab;

/// Sets with files to download, and where they are published.
const SETS: [(&str, &str); 2] = [
    ("mnist", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    ("fashion_mnist", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
];

#[derive(Debug, clap::Args)]
pub struct Fetch {
    /// The data set: mnist or fashion_mnist.
    set: String,
    /// The folder that receives its files [default: where `source = "mnist"` looks for them].
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Another place that has the files.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
}

/// The folder of downloaded data sets, as the system's conventions have it.
pub fn cache() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
    base.or_else(|| folder("LOCALAPPDATA")).map(|base| base.join("steadygrad"))
}

impl Fetch {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let names = SETS.map(|(name, _)| name);
        let found = SETS.iter().find(|(name, _)| *name == self.set);
        let (Some((name, mirror)), Some(files)) = (found, lab::published(&self.set)) else {
            return Err(steadygrad::Error::name("data set to download", &self.set, &names).into());
        };
        let Some(folder) = self.to.or_else(|| cache().map(|cache| cache.join(name))) else {
            bail!("no folder is known to keep downloads in\n  help: say where, with --to DIR");
        };
        let from = self.from.as_deref().unwrap_or(mirror);
        all(files, from, &folder, &mut Telling::default())?;
        writeln!(std::io::stdout(), "{name} is in {}", folder.display())?;
        Ok(Outcome::Fine)
    }
}

/// Downloads what is not there yet, file by file; each is checked before it is written.
fn all(files: &[Published], from: &str, folder: &Path, telling: &mut Telling) -> anyhow::Result<()> {
    if folder.exists() && !folder.is_dir() {
        bail!("{}: is no folder\n  help: give another one with --to DIR", folder.display());
    }
    let base = if from.ends_with('/') { from.to_string() } else { format!("{from}/") };
    for file in files {
        let place = folder.join(file.name);
        if std::fs::read(&place).is_ok_and(|bytes| sum(&bytes) == file.md5) {
            telling.line(&format!("{}: is there already", file.name), true);
            continue;
        }
        let url = format!("{base}{}", file.name);
        let bytes = download(&url, file, telling).with_context(|| url.clone()).map_err(|e| {
            let names: Vec<&str> = files.iter().map(|file| file.name).collect();
            let by_hand = format!(
                "try again, or another place with --from URL; or download {} by hand and put them into {}",
                names.join(", "),
                folder.display()
            );
            anyhow::anyhow!("{e:#}\n  help: {by_hand}")
        })?;
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        replace(&place, &bytes)?;
        telling.line(&format!("{}: {}", file.name, data_size(bytes.len() as u64)), true);
    }
    Ok(())
}

/// The bytes at this address, if they are those of the file.
fn download(url: &str, file: &Published, telling: &mut Telling) -> anyhow::Result<Vec<u8>> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(30)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .http_status_as_error(false)
        .build()
        .into();
    let response = agent.get(url).call().context("cannot be reached")?;
    if !response.status().is_success() {
        bail!("the server answered {}", response.status());
    }
    let mut body = response.into_body();
    // One byte more than it may have tells a longer file.
    let mut stream = body.as_reader().take(file.bytes + 1);
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        let n = stream.read(&mut piece).context("the connection broke off")?;
        if n == 0 {
            break;
        }
        bytes.extend_from_slice(&piece[..n]);
        telling.line(
            &format!("{}: {} of {}", file.name, data_size(bytes.len() as u64), data_size(file.bytes)),
            false,
        );
    }
    if bytes.len() as u64 != file.bytes {
        let got = if bytes.len() as u64 > file.bytes { "more".to_string() } else { bytes.len().to_string() };
        bail!("expected {} bytes, got {got}: this is not the published file, or not all of it", file.bytes);
    }
    let found = sum(&bytes);
    if found != file.md5 {
        bail!("expected the MD5 checksum {}, got {found}: this is not the published file", file.md5);
    }
    Ok(bytes)
}

fn sum(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Says on standard error how far it is; in one line that is written anew where that is a terminal.
#[derive(Debug, Default)]
struct Telling {
    shown: usize,
}

impl Telling {
    fn line(&mut self, text: &str, last: bool) {
        let live = std::io::stderr().is_terminal();
        if !live && !last {
            return;
        }
        let blank = self.shown.saturating_sub(text.chars().count());
        self.shown = if last { 0 } else { text.chars().count() };
        let (start, end) = (if live { "\r" } else { "" }, if last { "\n" } else { "" });
        // What nobody can see is no reason to end a download.
        let _ = write!(std::io::stderr(), "{start}{text}{:blank$}{end}", "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const FILE: Published = Published { name: "a.gz", bytes: 5, md5: "5d41402abc4b2a76b9719d911017c592" };

    /// A server that gives every visitor this answer, and its address.
    fn server(answer: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for visitor in listener.incoming().take(4) {
                let mut visitor = visitor.unwrap();
                let _ = visitor.read(&mut [0; 4096]);
                let _ = visitor.write_all(answer);
            }
        });
        format!("http://{address}/set")
    }

    fn fetch(answer: &'static [u8]) -> (anyhow::Result<()>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let done = all(&[FILE], &server(answer), &folder.path().join("set"), &mut Telling::default());
        (done, folder)
    }

    #[test]
    fn a_file_is_checked_and_put_in_its_place() {
        let (done, folder) = fetch(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        done.unwrap();
        let place = folder.path().join("set/a.gz");
        assert_eq!(std::fs::read(&place).unwrap(), b"hello");
        assert_eq!(std::fs::read_dir(folder.path().join("set")).unwrap().count(), 1, "nothing beside it");
        // What is there is not downloaded again; what is damaged is.
        let nowhere = "http://127.0.0.1:1/";
        all(&[FILE], nowhere, &folder.path().join("set"), &mut Telling::default()).unwrap();
        std::fs::write(&place, "hellO").unwrap();
        assert!(all(&[FILE], nowhere, &folder.path().join("set"), &mut Telling::default()).is_err());
    }

    #[test]
    fn what_is_not_the_file_leaves_nothing_behind() {
        for (answer, words) in [
            (
                &b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"[..],
                "answered 404",
            ),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhellO", "MD5 checksum"),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhel", "broke off"),
            (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhel", "expected 5 bytes, got 3"),
            (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello, hello", "expected 5 bytes, got more"),
        ] {
            let (done, folder) = fetch(answer);
            let error = format!("{:#}", done.unwrap_err());
            assert!(error.contains(words), "{words}: {error}");
            assert!(error.contains("by hand") && error.contains("a.gz"), "{error}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{words}");
        }
    }
}
