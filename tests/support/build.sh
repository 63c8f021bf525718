# Sourced by tests/run and tests/quickstart, from the top folder: how both configure and build.
#
# WASL_JOBS   compilers at once (all cores)

# Two clones share the cache: paths below the top folder count as relative, the folder's own name does not count.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
jobs=${WASL_JOBS:-$(nproc)}

# configure PRESET
configure() {
  local log=build/$1.configure.log
  mkdir -p build
  if ! cmake --preset "$1" >"$log" 2>&1; then
    cat "$log"
    return 1
  fi
}

# build PRESET [TARGET...]: a line now and then on the way, everything that a compiler says
build() {
  local preset=$1 log=build/$1.build.log
  shift
  NINJA_STATUS='[%f/%t] ' cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"} 2>&1 |
    tee "$log" | awk -v preset="$preset" '
      /^\[[0-9]+\/[0-9]+\] / {
        split(substr($1, 2), part, "/"); total = part[2] + 0; twentieth = int(20 * part[1] / total)
        if (twentieth != last) { printf "  %s: %d of %d\n", preset, part[1], total; fflush(); last = twentieth }
        next
      }
      /^ninja: no work to do/ { next }
      { print; fflush() }'
}
