//! One chromedriver for all tests of the process. It goes when the process does, however it ends.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use super::harness::scratch::Scratch;

/// A started chromedriver and the browser it drives.
pub struct Driver {
    /// Where it listens: `http://127.0.0.1:4321`.
    pub address: String,
    /// The browser's program.
    pub chromium: PathBuf,
    _shell: Child,
}

static DRIVER: LazyLock<Result<Driver, String>> = LazyLock::new(start);

/// The driver, started by whoever asks first.
pub fn driver() -> &'static Driver {
    match &*DRIVER {
        Ok(driver) => driver,
        Err(sentence) => panic!("{sentence}"),
    }
}

fn start() -> Result<Driver, String> {
    let chromedriver = program("CHROMEDRIVER", "chromedriver")?;
    let chromium = program("CHROMIUM", "chromium")?;
    let folder = Scratch::new("browser").keep();
    let mut shell = supervised(&chromedriver, &folder);
    let lines = BufReader::new(shell.stdout.take().unwrap()).lines();
    let mut said = String::new();
    for line in lines {
        let line = line.unwrap_or_default();
        if let Some((_, port)) = line.rsplit_once("successfully on port ") {
            let address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
            return Ok(Driver { address, chromium, _shell: shell });
        }
        said.push_str(&line);
        said.push('\n');
    }
    let _ = shell.wait();
    Err(format!("chromedriver did not start. It said:\n{said}"))
}

/// A shell that starts chromedriver in a process group of its own and waits for our end of its input to close, which
/// happens however we end; then it stops the group (browsers included) and removes what they left.
fn supervised(chromedriver: &Path, folder: &Path) -> Child {
    let script = r#""$1" --port=0 --allowed-ips=127.0.0.1 </dev/null & cat >/dev/null
        rm -rf "$2"; trap '' TERM; kill -TERM 0; sleep 1; rm -rf "$2"; kill -KILL 0"#;
    Command::new("sh")
        .args(["-c", script, "chromedriver"])
        .arg(chromedriver)
        .arg(folder)
        .env("TMPDIR", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a shell")
}

fn program(variable: &str, name: &str) -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os(variable) {
        return Ok(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.push("/usr/bin".into());
    places.iter().map(|folder| folder.join(name)).find(|file| file.is_file()).ok_or_else(|| {
        format!(
            "There is no {name} here, and the journeys need it: apt-get install --yes chromium chromium-driver, \
             or name one in {variable}."
        )
    })
}
