use portero_conformance::rig::Bench;

use super::*;

fn read(line: &str) -> Result<Options, (usize, String)> {
    let bench = Bench::default().line(line);
    parse(&bench.setup()).map_err(|e| (e.line.expect("a line is guilty").1, e.message))
}

#[test]
fn a_hash_type_in_full() {
    let hash = HashType { consistent: true, function: Some(Function::Djb2), avalanche: true };
    assert_eq!(read("hash-type consistent djb2 avalanche").map(|o| o.hash), Ok(hash));
    assert!(
        read("hash-type map-based avalanche").is_ok_and(|o| o.hash.avalanche && o.hash.function.is_none())
    );
}

#[test]
fn the_guilty_word_is_named() {
    for (line, word, part) in [
        ("hash-type", 1, "needs"),
        ("hash-type maps", 1, "'maps'"),
        ("hash-type consistent md5", 2, "'md5'"),
        ("hash-type consistent sdbm twice", 3, "'twice'"),
        ("hash-balance-factor 100", 1, "'100'"),
        ("hash-balance-factor", 0, "needs a value"),
        ("hash-balance-factor 150 160", 2, "'160'"),
        ("hash-preserve-affinity maxqueue", 1, "not supported"),
        ("server a", 0, "'server'"),
    ] {
        let (at, message) = read(line).expect_err(line);
        assert!(at == word && message.contains(part), "{line}: {at}, {message}");
    }
}
