//! Users and groups by name, from the files of the system.

/// The number of a user.
pub(super) fn user(name: &str) -> Option<u32> {
    lookup("/etc/passwd", name)
}

/// The number of a group.
pub(super) fn group(name: &str) -> Option<u32> {
    lookup("/etc/group", name)
}

fn lookup(file: &str, name: &str) -> Option<u32> {
    number_of(&std::fs::read_to_string(file).ok()?, name)
}

/// Name, password and number are the first three fields of both files.
fn number_of(text: &str, name: &str) -> Option<u32> {
    let mut rows = text.lines().map(|line| line.split(':'));
    let mut row = rows.find_map(|mut row| (row.next() == Some(name)).then_some(row))?;
    row.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_field_is_the_number() {
        let text = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/:/bin/sh\n";
        assert_eq!(number_of(text, "web"), Some(33));
        assert_eq!(number_of(text, "we"), None);
    }
}
