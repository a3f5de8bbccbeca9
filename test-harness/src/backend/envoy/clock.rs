//! Envoy's wall clock, moved through a file that the preloaded library has mapped.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::scenario::Jump;

/// The offset of one process's wall clock.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
    /// Nanoseconds, added to the real time.
    offset: i64,
}

impl Clock {
    /// Creates the file, with offset zero.
    pub fn new(file: &Path) -> io::Result<Self> {
        std::fs::write(file, 0i64.to_ne_bytes())?;
        Ok(Clock { file: file.to_owned(), offset: 0 })
    }

    /// Sets the clock, nanoseconds since the epoch; None: the real time.
    pub fn set(&mut self, now: Option<u64>) -> io::Result<()> {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let offset = now.map_or(0, |now| i128::from(now) - i128::try_from(real.as_nanos()).unwrap_or_default());
        self.store(i64::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?)
    }

    /// What the process reads, or a moment more, since the Unix epoch.
    pub fn now(&self) -> Duration {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let offset = Duration::from_nanos(self.offset.unsigned_abs());
        if self.offset < 0 { real.saturating_sub(offset) } else { real.saturating_add(offset) }
    }

    /// Lets the clock jump.
    pub fn jump(&mut self, jump: Jump) -> io::Result<()> {
        let nanos = |by: Duration| i64::try_from(by.as_nanos()).map_err(|_| io::ErrorKind::InvalidInput);
        self.store(match jump {
            Jump::Forward(by) => self.offset.saturating_add(nanos(by)?),
            Jump::Back(by) => self.offset.saturating_sub(nanos(by)?),
        })
    }

    /// In place: the library has mapped this very file.
    fn store(&mut self, offset: i64) -> io::Result<()> {
        OpenOptions::new().write(true).open(&self.file)?.write_all(&offset.to_ne_bytes())?;
        self.offset = offset;
        Ok(())
    }
}
