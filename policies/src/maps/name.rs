//! Names of maps and lists (HAProxy manual, section 2.7).

/// Where the content of a list comes from at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A file, which must be there.
    File,
    /// A file, which may be missing (`opt@`).
    Optional,
    /// Nowhere: entries come while the process runs (`virt@`).
    Virtual,
}

/// The origin of a list and the name it is known by: prefixes are no part of it, but for `virt@`.
pub(super) fn parse(written: &str) -> (Origin, &str) {
    if written.starts_with("virt@") {
        return (Origin::Virtual, written);
    }
    match (written.strip_prefix("opt@"), written.strip_prefix("file@")) {
        (Some(name), _) => (Origin::Optional, name),
        (_, Some(name)) => (Origin::File, name),
        _ => (Origin::File, written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_however_it_is_written() {
        assert_eq!(parse("a.map"), (Origin::File, "a.map"));
        assert_eq!(parse("file@a.map"), (Origin::File, "a.map"));
        assert_eq!(parse("opt@a.map"), (Origin::Optional, "a.map"));
        assert_eq!(parse("virt@a.map"), (Origin::Virtual, "virt@a.map"));
        assert_eq!(parse("file@./virt@map"), (Origin::File, "./virt@map"));
    }
}
