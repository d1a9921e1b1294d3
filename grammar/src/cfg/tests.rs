//! Behaviour of whole files; single lines are tested beside `words`, messages by the files in `tests/data`.

use super::*;

fn settings() -> Settings {
    Settings { version: Version::new(3, 5, 0), features: ["LUA".to_owned()].into(), ..Settings::default() }
}

/// The first words of the lines of all sections, and the messages.
fn read(texts: &[&str]) -> (Vec<Vec<String>>, Vec<String>) {
    let mut sources = Sources::default();
    let files: Vec<FileId> = texts.iter().map(|text| sources.add("a.cfg", *text)).collect();
    let parsed = parse(&sources, &files, &mut settings());
    let keywords =
        |s: &Section| std::iter::once(&s.header).chain(&s.lines).map(|l| l.keyword().to_owned()).collect();
    let messages = parsed.diagnostics.iter().map(|d| d.message.clone()).collect();
    (parsed.sections.iter().map(keywords).collect(), messages)
}

#[test]
fn setenv_of_global_is_seen_by_the_next_line() {
    let mut sources = Sources::default();
    let text = "global\n setenv A x\n presetenv A y\n presetenv B z\n log \"$A$B\"\n unsetenv A\n log \"<$A>\"\n resetenv\n log \"<$B>\"\n";
    let file = sources.add("a.cfg", text);
    let parsed = parse(&sources, &[file], &mut settings());
    let logs = parsed.sections[0].lines.iter().filter(|l| l.keyword() == "log");
    assert_eq!(logs.map(|l| l.words[1].text.as_str()).collect::<Vec<_>>(), ["xz", "<>", "<>"]);
}

#[test]
fn a_section_does_not_reach_into_the_next_file() {
    let (sections, messages) =
        read(&["global\n daemon\n", " maxconn 1\n nbthread 2\nfrontend f\n mode http\n"]);
    assert_eq!(sections, [["global", "daemon"], ["frontend", "mode"]]);
    assert_eq!(messages, ["'maxconn' stands before any section"]);
}

#[test]
fn lines_of_a_block_that_does_not_hold_are_left_out() {
    let text = "global\n.if feature(LUA)\n a\n.if 0\n b\n.elif 1\n c\n.elif 1\n d\n.else\n e\n.endif\n.else\n f\n.if 1\n g\n.endif\n.endif\n h\n";
    assert_eq!(read(&[text]), (vec![["global", "a", "c", "h"].map(String::from).to_vec()], vec![]));
}

#[test]
fn alert_stops_and_messages_of_silent_blocks_are_not_said() {
    let (sections, messages) =
        read(&["global\n.if 0\n.alert no\n.endif\n.notice hi\n.diag d\n.alert stop\n daemon\n", "x\n"]);
    assert_eq!(sections, [["global"]]);
    assert_eq!(messages, ["hi", "stop"]);
}

#[test]
fn line_ends_may_be_those_of_windows_or_missing() {
    let (sections, messages) = read(&["global\r\n daemon\r\n"]);
    assert_eq!(
        (sections.as_slice(), messages.len()),
        ([["global".to_owned(), "daemon".to_owned()].to_vec()].as_slice(), 0)
    );
    let (sections, messages) = read(&["global\n daemon"]);
    assert_eq!((sections[0].len(), messages.len()), (2, 1));
}

#[test]
fn a_mistake_does_not_hide_the_next_one() {
    let (_, messages) = read(&["global\n a 'b\n c \\xZZ\n.endif\n.if (\n d \"\n.endif\n"]);
    assert_eq!(messages.len(), 5, "{messages:?}");
}

#[test]
fn nesting_is_limited_but_lines_are_still_read() {
    let text = format!("global\n{}{} daemon 'x\n", ".if 1\n".repeat(70), ".endif\n".repeat(70));
    let (_, messages) = read(&[&text]);
    assert!(messages[0].contains("more than 64 blocks"), "{messages:?}");
    assert!(messages.last().is_some_and(|m| m.contains("quote")), "{messages:?}");
}

#[test]
fn pseudo_variables_tell_the_place() {
    let mut sources = Sources::default();
    let file =
        sources.add("x/a.cfg", "global\n a \"${.FILE}:${.LINE}:${.SECTION}\"\nbackend b\n a \"$.SECTION\"\n");
    let parsed = parse(&sources, &[file], &mut settings());
    assert_eq!(parsed.sections[0].lines[0].words[1].text, "x/a.cfg:2:global");
    assert_eq!(parsed.sections[1].lines[0].words[1].text, "b");
}

#[test]
fn an_empty_variable_at_the_end_is_no_word() {
    let mut sources = Sources::default();
    let file = sources
        .add("a.cfg", "backend b\n server s 1.1.1.1 \"$OPTS\" \"${MORE}\"\n server t \"$OPTS\" check\n");
    let parsed = parse(&sources, &[file], &mut settings());
    assert_eq!(parsed.sections[0].lines[0].words.len(), 3);
    assert_eq!(parsed.diagnostics.count(crate::Severity::Warning), 2);
    assert_eq!(parsed.diagnostics.count(crate::Severity::Error), 1);
}

#[test]
fn conditions_of_the_command_line() {
    let mut settings = settings();
    settings.vars.insert("A".into(), "1".into());
    let check = |text: &str| condition(&mut Sources::default(), text, &settings).map_err(|d| d.message);
    let holds = [
        "1",
        "-1",
        "!0",
        "! ! 1",
        "(1)",
        "1&&1",
        "1 || 0 && 0",
        "defined(A) && !defined(B)",
        "feature(LUA)",
        "streq(\"$A\",1)",
        "version_atleast(2.4-dev19)",
        "version_before(3.5.1)",
        "strstr(abc,bc)",
        r#"streq(\"a,b\",'"a,b"')"#,
        "!fips_mode()",
        "strneq(, a)",
        "streq(,)",
        "!openssl_version_atleast(1.1.1)",
        "(0 || (1))",
    ];
    holds.iter().for_each(|text| assert_eq!(check(text), Ok(true), "{text}"));
    let not = ["", " ", "0", "!1", "1 && 0", "defined()", "enabled(POLL)", "streq(a, a)", "(0||0)||0"];
    not.iter().for_each(|text| assert_eq!(check(text), Ok(false), "{text}"));
    let wrong = [
        "1 0",
        "foo(1)",
        "defined(A",
        "streq(a)",
        "1 ||",
        "&& 1",
        "(1",
        "1x",
        "version_atleast(x)",
        "enabled(X)",
        "1)",
    ];
    wrong.iter().for_each(|text| assert!(check(text).is_err(), "{text}"));
    assert!(check(&"(".repeat(100_000)).is_err_and(|m| m.contains("64")));
    assert!(check(&"!".repeat(100_000)).is_err());
}

#[test]
fn a_table_is_a_section_of_its_own_or_a_line_of_peers() {
    let (sections, messages) = read(&["peers p\n table t type ip size 1k\ntable t\n type ip\n size 1k\n"]);
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(sections, [vec!["peers", "table"], vec!["table", "type", "size"]]);
}
