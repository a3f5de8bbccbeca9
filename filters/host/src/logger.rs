//! `log` to the host's log. The level is checked in the guest, where a line below it costs nothing.

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::abi::LogLevel;
use crate::ffi;

struct HostLog;

static HOST_LOG: HostLog = HostLog;

/// Sends `log`'s records of this VM to the host, from `SLUICEGATE_LOG` up (error, warn, info, debug, trace, off;
/// default info). A VM shared by several plugins installs it once.
pub fn install() {
    let wanted = std::env::var("SLUICEGATE_LOG").ok().and_then(|level| level.parse().ok());
    log::set_max_level(wanted.unwrap_or(LevelFilter::Info));
    // Already installed by another plugin of this VM: the same logger.
    let _ = log::set_logger(&HOST_LOG);
}

impl Log for HostLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            Level::Error => LogLevel::Error,
            Level::Warn => LogLevel::Warn,
            Level::Info => LogLevel::Info,
            Level::Debug => LogLevel::Debug,
            Level::Trace => LogLevel::Trace,
        };
        // Nowhere is left to say that logging failed.
        let _ = ffi::log(level as u32, &format!("sluicegate: {}", record.args()));
    }

    fn flush(&self) {}
}
