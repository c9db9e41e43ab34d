#!/bin/sh
# Builds the native library and copies it to <folder>/<os>-<arch>/. Called by Maven; needs cargo (rustup.rs).
# The target folder is outside the tree, so that a fresh clone finds what an earlier one compiled.
set -eu
to=$1
cd "$(dirname "$0")"
command -v cargo >/dev/null 2>&1 || PATH="$HOME/.cargo/bin:$PATH"
command -v cargo >/dev/null 2>&1 || {
  echo "kelda: cargo is missing; install Rust from https://rustup.rs or give -Dkelda.native.skip" >&2
  exit 1
}
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/kelda/cargo-target}
CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-1}
export CARGO_TARGET_DIR CARGO_INCREMENTAL
echo "kelda: building the native engine in $CARGO_TARGET_DIR (the first time takes about 15 minutes)"
cargo build --release --locked --lib

case $(uname -s) in
  Linux) os=linux; file=libkelda_native.so ;;
  Darwin) os=macos; file=libkelda_native.dylib ;;
  *) echo "kelda: no native build for $(uname -s)" >&2; exit 1 ;;
esac
case $(uname -m) in
  x86_64 | amd64) arch=x86_64 ;;
  arm64 | aarch64) arch=aarch64 ;;
  *) arch=$(uname -m) ;;
esac
folder=$to/$os-$arch
mkdir -p "$folder"
cmp -s "$CARGO_TARGET_DIR/release/$file" "$folder/$file" || {
  # A new file, not a new content: a running JVM may have the old one mapped.
  cp "$CARGO_TARGET_DIR/release/$file" "$folder/$file.new"
  mv "$folder/$file.new" "$folder/$file"
}
echo "kelda: native engine ready for $os-$arch"
