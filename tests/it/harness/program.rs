//! The program itself, as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// `throughline serve` on a free port; killed when dropped.
pub struct Program {
    child: Child,
    /// Where it listens, as `127.0.0.1:4321`.
    pub address: String,
}

impl Program {
    /// Starts it with nothing but these settings, and waits until it says where it listens.
    pub fn serve(settings: &[(&str, &str)]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_throughline")), settings)
    }

    /// The same with a command of one's own.
    pub fn run(mut command: Command, settings: &[(&str, &str)]) -> Self {
        prepare(&mut command, settings).arg("serve").stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the program says where it listens").unwrap();
            if let Some((_, address)) = line.split_once("ready at http://") {
                break address.to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// A command of the program, not started yet: `["migrate"]`.
    pub fn command(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        prepare(&mut command, settings).args(arguments);
        command
    }

    /// Status and body of a page, asked for without cookies.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the program listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Sends a signal and waits for the end; answers the exit code, none when it was killed.
    pub fn stop(&mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
        self.wait()
    }

    /// The most memory it ever held, in MiB.
    pub fn peak_memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says it");
        line.trim().split(' ').next().unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A plain environment: nothing of the person who runs the tests gets in.
fn prepare<'a>(command: &'a mut Command, settings: &[(&str, &str)]) -> &'a mut Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("TMPDIR", std::env::temp_dir())
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .env("RUST_LOG", "error")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .current_dir(std::env::temp_dir())
}
