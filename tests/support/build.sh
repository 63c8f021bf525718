# Sourced by tests/run and tests/quickstart, from the top folder: how both configure and build.
#
# WASL_JOBS    compilers at once (all cores)
# WASL_UNITY   ON (so unless told otherwise): eight files of a room are compiled as one, in three fifths of the time;
#              OFF: each alone, which is quicker for who changes a file

# Two clones share the cache: paths below the top folder count as relative, the folder's own name does not count.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
jobs=${WASL_JOBS:-$(nproc)}

# configure PRESET
configure() {
  local log=build/$1.configure.log
  mkdir -p build
  if ! cmake --preset "$1" -DCMAKE_UNITY_BUILD="${WASL_UNITY:-ON}" >"$log" 2>&1; then
    cat "$log"
    return 1
  fi
}

# build PRESET [TARGET...]: a line now and then on the way, and everything that a compiler says
build() {
  local preset=$1
  shift
  NINJA_STATUS='[%f/%t] ' cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"} 2>&1 |
    tee "build/$preset.build.log" | show_progress "$preset"
}

# Not awk: Debian's mawk waits for a full buffer.
show_progress() {
  local line now shown=-1
  while IFS= read -r line; do
    if [[ $line == *Re-checking* || $line == *Re-running* ]]; then
      continue
    elif [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      now=$((20 * BASH_REMATCH[1] / BASH_REMATCH[2]))
      if ((now != shown)); then echo "  $1: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}"; fi
      shown=$now
    elif [[ $line != 'ninja: no work to do.' ]]; then
      printf '%s\n' "$line"
    fi
  done
}
