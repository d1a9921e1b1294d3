//! What stands in front of a line (HAProxy manual, `log ... format`; RFC 3164, RFC 5424).

use super::Level;
use super::clock::Clock;
use crate::config::checked::LogHeader;

/// The header of one target: everything but level and time is put together once.
#[derive(Debug)]
pub(super) struct Header {
    format: LogHeader,
    facility: u8,
    /// What follows the time: host, tag, process number.
    fixed: Vec<u8>,
}

/// Who writes the lines.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// `log-tag`, by default the program's name.
    pub tag: &'a str,
    /// `log-send-hostname`.
    pub hostname: Option<&'a str>,
}

impl Header {
    /// A header for a target's format and facility.
    pub(super) fn new(format: LogHeader, facility: u8, identity: Identity<'_>) -> Header {
        let (tag, pid) = (identity.tag, std::process::id());
        let fixed = match format {
            LogHeader::Local => format!(" {tag}[{pid}]: "),
            LogHeader::Rfc3164 => {
                let host = identity.hostname.unwrap_or("localhost");
                format!(" {host} {tag}[{pid}]: ")
            }
            LogHeader::Rfc5424 => {
                let host = identity.hostname.unwrap_or("-");
                format!(" {host} {tag} {pid} - - ")
            }
            LogHeader::Timed | LogHeader::Iso => " ".to_owned(),
            LogHeader::Priority | LogHeader::Short | LogHeader::Raw => String::new(),
        };
        Header { format, facility, fixed: fixed.into_bytes() }
    }

    /// Appends the header of a line of this level.
    pub(super) fn write(&self, level: u8, clock: &Clock, into: &mut Vec<u8>) {
        match self.format {
            LogHeader::Local | LogHeader::Rfc3164 => {
                self.write_priority(level, into);
                clock.write_bsd(into);
            }
            LogHeader::Rfc5424 => {
                self.write_priority(level, into);
                into.extend_from_slice(b"1 ");
                clock.write_iso(into);
            }
            LogHeader::Priority => self.write_priority(level, into),
            LogHeader::Short => into.extend_from_slice(&[b'<', b'0' + level, b'>']),
            LogHeader::Timed => {
                into.extend_from_slice(&[b'<', b'0' + level, b'>']);
                clock.write_iso(into);
            }
            LogHeader::Iso => clock.write_iso(into),
            LogHeader::Raw => {}
        }
        into.extend_from_slice(&self.fixed);
    }

    /// `<PRI>`: facility and level in one number of up to three digits (RFC 5424, section 6.2.1).
    fn write_priority(&self, level: u8, into: &mut Vec<u8>) {
        let number = self.facility * 8 + level;
        into.push(b'<');
        if number >= 100 {
            into.push(b'0' + number / 100);
        }
        if number >= 10 {
            into.push(b'0' + number / 10 % 10);
        }
        into.extend_from_slice(&[b'0' + number % 10, b'>']);
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> u8 {
        level as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(format: LogHeader, facility: u8, hostname: Option<&str>) -> String {
        let mut clock = Clock::new();
        clock.read();
        let identity = Identity { tag: "haproxy", hostname };
        let mut out = Vec::new();
        Header::new(format, facility, identity).write(Level::Info.into(), &clock, &mut out);
        let text = String::from_utf8(out).unwrap();
        text.replace(&format!("{}", std::process::id()), "PID")
    }

    /// Letters stand for themselves, every digit is shown as `9`.
    fn shape(text: &str) -> String {
        text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
    }

    #[test]
    fn the_local_form_has_no_host() {
        let text = header(LogHeader::Local, 16, Some("myhost"));
        assert!(text.starts_with("<134>"), "{text}");
        assert!(text.ends_with(" haproxy[PID]: ") && !text.contains("myhost"), "{text}");
    }

    #[test]
    fn an_unknown_host_is_localhost_in_one_form_and_a_dash_in_the_other() {
        assert!(header(LogHeader::Rfc3164, 16, None).ends_with(" localhost haproxy[PID]: "));
        let text = header(LogHeader::Rfc5424, 16, None);
        assert!(text.starts_with("<134>1 ") && text.ends_with(" - haproxy PID - - "), "{text}");
    }

    #[test]
    fn small_priorities_have_no_leading_zero() {
        assert_eq!(header(LogHeader::Priority, 0, None), "<6>");
        assert_eq!(header(LogHeader::Priority, 2, None), "<22>");
    }

    #[test]
    fn the_short_forms_leave_out_the_facility() {
        assert_eq!(header(LogHeader::Short, 16, None), "<6>");
        assert_eq!(header(LogHeader::Raw, 16, None), "");
        let timed = shape(&header(LogHeader::Timed, 16, None));
        assert!(timed.starts_with("<9>9999-99-99T99:99:99.999999"), "{timed}");
        let iso = shape(&header(LogHeader::Iso, 16, None));
        assert!(iso.starts_with("9999-99-99T99:99:99.999999") && iso.ends_with(' '), "{iso}");
    }
}
