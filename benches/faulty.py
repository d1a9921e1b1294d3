"""What goes wrong in `./bench faults`: functions of Lua, and modules as WAT."""

from pathlib import Path

GOOD = """
core.register_action("good", { "http-req" }, function(txn)
    txn.http:req_set_header("X-Seen", txn.sf:path())
end)
"""
FUNCTIONS = {
    "endless": "while true do pcall(function() while true do end end) end",
    "memory": "kept = kept or {} for i = 1, 1e7 do kept[#kept + 1] = 'text ' .. i end",
    "recursion": "local function down(n) return 1 + down(n + 1) end return down(1)",
    "huge-string": "kept = (kept or 'x') .. string.rep('x', 1e9)",
    "error": "local nothing = nil return nothing.field",
}

PRELUDE = """
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 16) "x-guilty")
  (data (i32.const 32) "x-seen")
  (global $calls (mut i32) (i32.const 0))
  (func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))
  (func $is_guilty (result i32)
    (i32.store (i32.const 4) (i32.const 0))
    (drop (call $get (i32.const 0) (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 4)))
    (i32.ne (i32.load (i32.const 4)) (i32.const 0)))
"""


def guilty(body: str) -> str:
    """A module that does this for guilty requests; what it leaves is its answer."""
    return f"""(module {PRELUDE}
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (if (i32.eqz (call $is_guilty)) (then (return (i32.const 0))))
    {body}))"""


def marking(mark: str) -> str:
    """A module that sets a field of each request."""
    return f"""(module {PRELUDE}
  (data (i32.const 64) "{mark}")
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $set (i32.const 0) (i32.const 32) (i32.const 6) (i32.const 64) (i32.const {len(mark)})))
    (i32.const 0)))"""


MODULES = {
    "wasm-good": marking("good"),
    "wasm-endless": guilty("(loop $on (br $on)) (i32.const 0)"),
    "wasm-memory": guilty("(loop $on (br_if $on (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable"),
    "wasm-recursion": guilty("(call $down (i32.const 0))"),
    "wasm-tenth": guilty("""(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eq (global.get $calls) (i32.const 10)) (then unreachable))
    (i32.const 0)"""),
    # no file of it is ever taken by a reload: it says no to its configuration
    "wasm-start": f"""(module {PRELUDE}
  (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) unreachable))""",
    "wasm-pause": guilty("(i32.const 1)"),
    "wasm-swap": marking("swapped"),
}

CASES = [*FUNCTIONS, *(name for name in MODULES if name != "wasm-good")]


def write(case: str, home: Path) -> None:
    """Writes the files of a case."""
    if case in FUNCTIONS:
        text = f'{GOOD}core.register_action("guilty", {{ "http-req" }}, function(txn) {FUNCTIONS[case]} end)\n'
        (home / "script.lua").write_text(text)
    else:
        # what is replaced under load begins with one that runs
        first = "wasm-good" if case in ("wasm-start", "wasm-swap") else case
        (home / "guilty.wasm").write_text(MODULES[first])
        (home / "good.wasm").write_text(MODULES["wasm-good"])


def lines(case: str, home: Path) -> tuple[str, str]:
    """The lines of `global` and of the frontend."""
    if case in FUNCTIONS:
        return f"""    lua-load-per-thread {home}/script.lua
    lua-on-error fail
    tune.lua.session-timeout 50ms
    tune.lua.maxmem 64""", """    http-request lua.good
    http-request lua.guilty if { path /guilty }"""
    return f"""    wasm-load good {home}/good.wasm
    wasm-load guilty {home}/guilty.wasm timeout 50ms max-memory 8m""", """    filter wasm good
    filter wasm guilty"""
