//! Why connections fail, numbered and named as HAProxy does (manual, the table of `fc_err_str`).

/// Why a connection failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // `row` says what each is
pub enum ConnError {
    #[default]
    None,
    ProcessSockets,
    SystemSockets,
    Memory,
    Protocol,
    Socket,
    CannotBind,
    SourcePorts,
    AddressInUse,
    ProxyEmpty,
    ProxyAborted,
    ProxyLate,
    ProxyTruncated,
    ProxyMissing,
    ProxyInvalid,
    ProxyFamily,
    Refused,
    Reset,
    Unreachable,
    Pipe,
}

impl ConnError {
    /// Its number (`fc_err`).
    pub fn code(self) -> u8 {
        self.row().0
    }

    /// Its name (`fc_err_name`); empty for none.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What it means (`fc_err_str`).
    pub fn message(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (u8, &'static str, &'static str) {
        use ConnError::*;
        match self {
            None => (0, "", "Success"),
            ProcessSockets => (2, "PROC_FDLIM", "Too many sockets on the process"),
            SystemSockets => (3, "SYS_FDLIM", "Too many sockets on the system"),
            Memory => (4, "SYS_MEMLIM", "Out of system buffers"),
            Protocol => (5, "NOPROTO", "Protocol or address family not supported"),
            Socket => (6, "SOCK_ERR", "General socket error"),
            CannotBind => (8, "CANT_BIND", "Can't bind to source address"),
            SourcePorts => (9, "FREE_PORTS", "Out of local source ports on the system"),
            AddressInUse => (10, "ADDR_INUSE", "Local source address already in use"),
            ProxyEmpty => (11, "PRX_EMPTY", "Connection closed while waiting for PROXY protocol header"),
            ProxyAborted => (12, "PRX_ABORT", "Connection error while waiting for PROXY protocol header"),
            ProxyLate => (13, "PRX_TIMEOUT", "Timeout while waiting for PROXY protocol header"),
            ProxyTruncated => (14, "PRX_TRUNCATED", "Truncated PROXY protocol header received"),
            ProxyMissing => {
                (15, "PRX_NOT_HDR", "Received something which does not look like a PROXY protocol header")
            }
            ProxyInvalid => (16, "PRX_BAD_HDR", "Received an invalid PROXY protocol header"),
            ProxyFamily => {
                (17, "PRX_BAD_PROTO", "Received an unhandled protocol in the PROXY protocol header")
            }
            Refused => (46, "EREFUSED", "ECONNREFUSED returned by OS"),
            Reset => (47, "ERESET", "ECONNRESET returned by OS"),
            Unreachable => (48, "EUNREACH", "ENETUNREACH returned by OS"),
            Pipe => (56, "EPIPE", "EPIPE returned by OS"),
        }
    }
}
