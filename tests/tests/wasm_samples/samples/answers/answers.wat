;; Answers requests for /no by itself, and puts a response of its own in the place of every 500.
(module
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get $size))))

  (data (i32.const 0) ":path:status")
  (data (i32.const 20) "refusedsorry")
  ;; one pair: x-why: no
  (data (i32.const 40) "\01\00\00\00\05\00\00\00\02\00\00\00x-why\00no\00")

  ;; whether a field is a text of three letters that ends with these two
  (func $ends (param $map i32) (param $name i32) (param $length i32) (param $end i32) (result i32)
    (drop (call $get (local.get $map) (local.get $name) (local.get $length) (i32.const 100) (i32.const 104)))
    (if (i32.ne (i32.load (i32.const 104)) (i32.const 3)) (then (return (i32.const 0))))
    (i32.eq (i32.load16_u offset=1 (i32.load (i32.const 100))) (local.get $end)))

  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (if (i32.eqz (call $ends (i32.const 0) (i32.const 0) (i32.const 5) (i32.const 0x6f6e)))
      (then (return (i32.const 0))))
    (drop (call $log (i32.const 3) (i32.const 20) (i32.const 7)))
    (drop (call $reply (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 20) (i32.const 7)
      (i32.const 40) (i32.const 21) (i32.const -1)))
    (i32.const 1))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (if (i32.eqz (call $ends (i32.const 2) (i32.const 5) (i32.const 7) (i32.const 0x3030)))
      (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (i32.load (i32.const 100))) (i32.const 53)) (then (return (i32.const 0))))
    (drop (call $reply (i32.const 503) (i32.const 0) (i32.const 0) (i32.const 27) (i32.const 5)
      (i32.const 0) (i32.const 0) (i32.const -1)))
    (i32.const 1)))
