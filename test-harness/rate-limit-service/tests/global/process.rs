//! A program of the test, and the lines it writes.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Compiling a module takes a fraction of a second, on a busy machine many.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A running program; killed when dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

/// Where a program says that it is ready.
pub enum Says {
    Stdout,
    Stderr,
}

impl Process {
    /// Starts a program and waits for the line that says that it is ready: the first for which `ready` answers.
    pub fn start<T>(command: &mut Command, says: Says, ready: impl Fn(&str) -> Option<T>) -> io::Result<(Self, T)> {
        let (stdout, stderr) = match says {
            Says::Stdout => (Stdio::piped(), Stdio::inherit()),
            Says::Stderr => (Stdio::null(), Stdio::piped()),
        };
        let mut child = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn()?;
        let lines = match says {
            Says::Stdout => child.stdout.take().map(follow),
            Says::Stderr => child.stderr.take().map(follow),
        };
        let process = Self { child, lines: lines.ok_or(io::ErrorKind::BrokenPipe)? };
        let deadline = Instant::now() + READY_WITHIN;
        let mut seen = String::new();
        while let Ok(line) = process.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some(found) = ready(&line) {
                return Ok((process, found));
            }
            seen += &(line + "\n");
        }
        Err(io::Error::other(format!("{:?} did not become ready:\n{seen}", command.get_program())))
    }

    /// Ends it at once, as SIGKILL does.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// What it has written since the last call.
    pub fn written(&self) -> String {
        self.lines.try_iter().map(|line| line + "\n").collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

/// Reads until the end, heard or not: a program waits once its pipe is full.
fn follow(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            drop(to.send(String::from_utf8_lossy(&line).into_owned()));
        }
    });
    lines
}
