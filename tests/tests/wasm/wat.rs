//! Modules as text.

/// What every module here begins with: what it imports, its memory, and an allocator that has one place.
const PRELUDE: &str = r#"
  (import "env" "proxy_get_buffer_bytes" (func $bytes (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 16) "x-mark")
  (data (i32.const 32) "x-fault")
"#;

/// A module with this behind the prelude.
pub(crate) fn module(body: &str) -> String {
    format!("(module{PRELUDE}{body})")
}

/// Marks each response with a letter, and with its configuration behind that, but for the end of its line.
pub(crate) fn marking(letter: char) -> String {
    module(&format!(
        r#"(data (i32.const 1023) "{letter}")
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (i32.store (i32.const 4) (i32.const 0))
          (drop (call $bytes (i32.const 7) (i32.const 0) (i32.const 500) (i32.const 0) (i32.const 4)))
          (drop (call $add (i32.const 2) (i32.const 16) (i32.const 6)
            (i32.const 1023) (i32.load (i32.const 4))))
          (i32.const 0))"#
    ))
}

/// Does what the field `x-fault` of a request says, by its first letter: loop, memory, stack, trap, pause.
pub(crate) fn faulty() -> String {
    module(
        r#"(func $deeper (param $n i32) (result i32) (i32.add (i32.const 1) (call $deeper (local.get $n))))
        (func $loop (loop $on (br $on)))
        (func $hog (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable)
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (local $kind i32)
          (i32.store (i32.const 4) (i32.const 0))
          (drop (call $get (i32.const 0) (i32.const 32) (i32.const 7) (i32.const 0) (i32.const 4)))
          (if (i32.eqz (i32.load (i32.const 4))) (then (return (i32.const 0))))
          (local.set $kind (i32.load8_u (i32.const 1024)))
          (if (i32.eq (local.get $kind) (i32.const 108)) (then (call $loop)))
          (if (i32.eq (local.get $kind) (i32.const 109)) (then (call $hog)))
          (if (i32.eq (local.get $kind) (i32.const 115)) (then (drop (call $deeper (i32.const 0)))))
          (if (i32.eq (local.get $kind) (i32.const 116)) (then unreachable))
          (i32.eq (local.get $kind) (i32.const 112)))"#,
    )
}

/// Traps where the field `x-fault` of a request begins with a t, and then does not start three times.
pub(crate) fn dying() -> String {
    format!(
        r#"(module
        (import "env" "proxy_get_shared_data" (func $shared (param i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_set_shared_data" (func $share (param i32 i32 i32 i32 i32) (result i32)))
        {PRELUDE}
        (data (i32.const 48) "dead3")
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (if (call $shared (i32.const 48) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 8)) (then (return (i32.const 1))))
          (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 48)) (then (return (i32.const 1))))
          (i32.store8 (i32.const 52) (i32.sub (i32.load8_u (i32.const 1024)) (i32.const 1)))
          (drop (call $share (i32.const 48) (i32.const 4) (i32.const 52) (i32.const 1) (i32.const 0)))
          (i32.const 0))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (i32.store (i32.const 4) (i32.const 0))
          (drop (call $get (i32.const 0) (i32.const 32) (i32.const 7) (i32.const 0) (i32.const 4)))
          (if (i32.and (i32.ne (i32.load (i32.const 4)) (i32.const 0)) (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 116))) (then
            (drop (call $share (i32.const 48) (i32.const 4) (i32.const 52) (i32.const 1) (i32.const 0)))
            unreachable))
          (i32.const 0)))"#
    )
}

/// Traps at every tenth request of an instance.
pub(crate) fn every_tenth() -> String {
    module(
        r#"(global $calls (mut i32) (i32.const 0))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          (if (i32.eq (global.get $calls) (i32.const 10)) (then unreachable))
          (i32.const 0))"#,
    )
}

/// A component that chooses the server at the place `first` for the first try of an exchange, and the last one for each later
/// try; at a path that ends in "!" it traps.
pub(crate) fn choosing(first: u32) -> String {
    format!(
        r#"(component
        (import "portero:plugin/types@0.1.0" (instance $types
          (type $server' (record (field "name" string) (field "address" string) (field "weight" u32) (field "sessions" u32)
            (field "queue" u32) (field "max-sessions" u32) (field "backup" bool)))
          (export "server" (type $server (eq $server')))
          (type $attempt' (record (field "number" u32) (field "servers" (list $server)) (field "failed" (list string))))
          (export "attempt" (type (eq $attempt')))))
        (alias export $types "attempt" (type $attempt))
        (import "portero:plugin/exchange@0.1.0" (instance $exchange (export "path" (func (result (list u8))))))
        (core module $Memory
          (memory (export "memory") 1)
          (global $heap (mut i32) (i32.const 1024))
          (func (export "begin") (global.set $heap (i32.const 1024)))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
            (global.get $heap)
            (global.set $heap (i32.add (global.get $heap) (local.get 3)))))
        (core instance $memory (instantiate $Memory))
        (alias core export $memory "memory" (core memory $bytes))
        (alias core export $memory "realloc" (core func $realloc))
        (core func $path (canon lower (func $exchange "path") (memory $bytes) (realloc $realloc)))
        (core instance $host (export "path" (func $path)))
        (core module $Main
          (import "memory" "memory" (memory 1))
          (import "memory" "begin" (func $begin))
          (import "host" "path" (func $path (param i32)))
          (func (export "choose") (param $number i32) (param i32) (param $count i32) (param i32 i32 i32 i32) (result i32)
            (call $path (i32.const 16))
            (if (i32.eq (i32.const 33) (i32.load8_u (i32.sub
                (i32.add (i32.load (i32.const 16)) (i32.load (i32.const 20))) (i32.const 1))))
              (then unreachable))
            (call $begin)
            (i32.store (i32.const 0) (i32.const 1))
            (i32.store (i32.const 4) (select (i32.const {first}) (i32.sub (local.get $count) (i32.const 1))
              (i32.eq (local.get $number) (i32.const 1))))
            (i32.const 0)))
        (core instance $main (instantiate $Main (with "memory" (instance $memory)) (with "host" (instance $host))))
        (func $choose (param "attempt" $attempt) (param "args" (list string)) (result (option u32))
          (canon lift (core func $main "choose") (memory $bytes) (realloc $realloc)))
        (export "choose-server" (func $choose)))"#
    )
}
