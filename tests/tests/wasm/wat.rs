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
