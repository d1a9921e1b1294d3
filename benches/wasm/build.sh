#!/bin/sh
# Builds the filters of `./bench wasm` anew. Usually: rustup target add wasm32-unknown-unknown. Where rustup has no such target,
# Debian's rustc-web and rust-web-src do: RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 ./build.sh -Zbuild-std=std,panic_abort
set -e
cd "$(dirname "$0")"
cargo build --release --examples --target wasm32-unknown-unknown "$@"
cp "${CARGO_TARGET_DIR:-target}"/wasm32-unknown-unknown/release/examples/*.wasm .
rm -f ./*-*.wasm
