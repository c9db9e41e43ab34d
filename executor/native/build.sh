#!/usr/bin/env bash
# The one way the native library is built; needs cargo (rustup.rs).
#   build.sh            compiles and says how far it is
#   build.sh <folder>   the same, then copies the library to <folder>/<os>-<arch>/ (Maven calls this)
#   build.sh --test     compiles and runs the crate's tests
# All three share one build of the dependencies: release profile, same features, the target folder outside the tree so that a
# fresh clone finds what an earlier one compiled. CARGO_INCREMENTAL would split the crate itself in two builds: leave it unset.
set -euo pipefail
to=${1:-}
cd "$(dirname "$0")"
command -v cargo >/dev/null 2>&1 || PATH="$HOME/.cargo/bin:$PATH"
command -v cargo >/dev/null 2>&1 || {
  echo "kelda: cargo is missing; install Rust from https://rustup.rs or give -Dkelda.native.skip" >&2
  exit 1
}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/kelda/cargo-target}
export CARGO_TERM_PROGRESS_WHEN=never

if [ "$to" = --test ]; then
  exec cargo test --release --locked --lib --quiet
fi

[ -e "$CARGO_TARGET_DIR/release" ] || echo "    first build in $CARGO_TARGET_DIR: about 15 minutes on two cores"
total=$(grep -c "^name = " Cargo.lock)
cargo build --release --locked 2>&1 | awk -v total="$total" '
  /^ *Compiling/ { n++; if (n % 20 == 0) { printf "    %d of about %d crates\n", n, total; fflush() } next }
  /^ *(Downloaded|Downloading|Updating|Locking|Adding|Blocking|Finished)/ { next }
  { print; fflush() }'
[ -n "$to" ] || exit 0

case $(uname -s) in
  Linux) os=linux file=libkelda_native.so ;;
  Darwin) os=macos file=libkelda_native.dylib ;;
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
