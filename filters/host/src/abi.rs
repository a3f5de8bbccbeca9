//! The numbers of the ABI (proxy-wasm 0.2.1), those of them that are used.

/// What becomes of a request when a callback returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Action {
    Continue = 0,
    Pause = 1,
    /// Envoy's `StopAllIterationAndWatermark`: what [`Action::Pause`] of a head means there, unless the plugin's
    /// configuration says `allow_on_headers_stop_iteration`. Then a body would take the head along.
    PauseAll = 4,
}

#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum LogLevel {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warn = 3,
    Error = 4,
}

#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum MapType {
    RequestHeaders = 0,
    ResponseHeaders = 2,
    ResponseTrailers = 3,
    CalloutHeaders = 6,
}

#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum BufferType {
    ResponseBody = 1,
    CalloutBody = 4,
    GrpcMessage = 5,
    PluginConfiguration = 7,
}

#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum MetricType {
    Counter = 0,
    Gauge = 1,
}

#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum StreamType {
    Request = 0,
    Response = 1,
}
