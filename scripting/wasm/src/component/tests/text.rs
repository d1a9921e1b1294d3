//! Components as text, made of the functions that they export and a core module.

/// What all components of the tests begin with: our types, two functions to import, and memory with an allocator that never
/// frees.
const PRELUDE: &str = r#"
  (import "portero:plugin/types@0.1.0" (instance $types
    (type $sample' (variant (case "boolean" bool) (case "integer" s64) (case "address" string) (case "text" (list u8))
      (case "binary" (list u8)) (case "method" (list u8))))
    (export "sample" (type (eq $sample')))
    (type $server' (record (field "name" string) (field "address" string) (field "weight" u32) (field "sessions" u32)
      (field "queue" u32) (field "max-sessions" u32) (field "backup" bool)))
    (export "server" (type $server (eq $server')))
    (type $attempt' (record (field "number" u32) (field "servers" (list $server)) (field "failed" (list string))))
    (export "attempt" (type (eq $attempt')))
    (type $outcome' (variant (case "response" u16) (case "connect-failed") (case "response-failed") (case "aborted")
      (case "done")))
    (export "outcome" (type (eq $outcome')))
    (type $reply' (record (field "status" u16) (field "headers" (list (tuple string (list u8)))) (field "body" (list u8))))
    (export "reply" (type $reply (eq $reply')))
    (type $verdict' (variant (case "continue") (case "stop") (case "deny" u16) (case "reply" $reply) (case "close")))
    (export "verdict" (type (eq $verdict')))
    (type $error' (enum "not-found" "bad-argument" "failed"))
    (export "error" (type (eq $error')))))
  (alias export $types "sample" (type $sample))
  (alias export $types "attempt" (type $attempt))
  (alias export $types "outcome" (type $outcome))
  (alias export $types "verdict" (type $verdict))
  (alias export $types "error" (type $error))
  (import "portero:plugin/exchange@0.1.0" (instance $exchange
    (type $message' (enum "request" "response"))
    (export "message" (type $message (eq $message')))
    (export "get-header" (func (param "of" $message) (param "name" string) (result (option (list u8)))))
    (export "set-header" (func (param "of" $message) (param "name" string) (param "value" (list u8))
      (result (result (error $error)))))))
  (core module $Memory
    (memory (export "memory") 64)
    (global $heap (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
      (global.get $heap)
      (global.set $heap (i32.add (global.get $heap) (local.get 3)))))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "memory" (core memory $bytes))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $get (canon lower (func $exchange "get-header") (memory $bytes) (realloc $realloc)))
  (core func $set (canon lower (func $exchange "set-header") (memory $bytes)))
  (core instance $host (export "get" (func $get)) (export "set" (func $set)))
"#;

/// What a core module of the tests begins with.
const IMPORTS: &str = r#"
  (import "memory" "memory" (memory 64))
  (import "host" "get" (func $get (param i32 i32 i32 i32)))
  (import "host" "set" (func $set (param i32 i32 i32 i32 i32 i32)))
"#;

/// The functions that a component may export: name, and type.
pub(super) const CHOOSE: (&str, &str) =
    ("choose-server", r#"(param "attempt" $attempt) (param "args" (list string)) (result (option u32))"#);
pub(super) const ENDED: (&str, &str) =
    ("try-ended", r#"(param "server" string) (param "outcome" $outcome) (param "args" (list string))"#);
pub(super) const ACT: (&str, &str) =
    ("act", r#"(param "rules" string) (param "args" (list string)) (result $verdict)"#);
pub(super) const FETCH: (&str, &str) = ("fetch", r#"(param "args" (list string)) (result (option $sample))"#);
pub(super) const CONVERT: (&str, &str) =
    ("convert", r#"(param "input" $sample) (param "args" (list string)) (result (option $sample))"#);
pub(super) const CONFIGURE: (&str, &str) =
    ("configure", r#"(param "config" (list u8)) (result (result (error string)))"#);

/// A component that exports these functions of a core module.
pub(super) fn component(exports: &[(&str, &str)], body: &str) -> String {
    let lifted = exports.iter().map(|(name, ty)| {
        format!(
            r#"(func ${name} {ty} (canon lift (core func $main "{name}") (memory $bytes) (realloc $realloc)))
            (export "{name}" (func ${name}))"#
        )
    });
    let lifted: String = lifted.collect();
    format!(
        r#"(component {PRELUDE} (core module $Main {IMPORTS} {body})
        (core instance $main (instantiate $Main (with "memory" (instance $memory)) (with "host" (instance $host))))
        {lifted})"#
    )
}
