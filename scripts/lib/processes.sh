# shellcheck shell=bash
# Sourced: start, find and end background processes by their ids, never by name. A process is remembered in
# a file as "pid start-time", so that an id which the kernel gave to somebody else is never signalled.

# process_start_time PID: the kernel's start time of PID, empty when there is none.
process_start_time() {
  local stat
  stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 0
  # The command name may hold blanks and parentheses: count fields after the last ')'.
  local -a rest
  read -r -a rest <<<"${stat##*) }"
  # A zombie has ended.
  [[ "${rest[0]}" == Z ]] || printf '%s\n' "${rest[19]}"
}

# spawn PIDFILE LOGFILE COMMAND...: starts COMMAND in a session of its own with no terminal and no
# inherited lock, and remembers it in PIDFILE.
spawn() {
  local pidfile="$1" log="$2" pid
  shift 2
  setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
  pid=$!
  printf '%s %s\n' "$pid" "$(process_start_time "$pid")" >"$pidfile"
}

# wait_for_end PID: returns when the process PID has ended, however it ends; at once when there is none.
wait_for_end() {
  local start
  start="$(process_start_time "$1")"
  while [[ -n "$start" && "$(process_start_time "$1")" == "$start" ]]; do sleep 0.3; done
}

# alive PIDFILE: true when the process that was remembered there still runs.
alive() {
  local pid start
  [[ -s "$1" ]] || return 1
  read -r pid start <"$1"
  [[ -n "$start" && "$(process_start_time "$pid")" == "$start" ]]
}

# end_process PIDFILE [GRACE_SECONDS]: SIGTERM, GRACE_SECONDS (default 2), SIGKILL; returns when it has ended.
# GRACE_SECONDS 0 kills at once.
end_process() {
  local pidfile="$1" grace="${2:-2}" pid
  if alive "$pidfile"; then
    read -r pid _ <"$pidfile"
    if ((grace > 0)); then
      kill -TERM "$pid" 2>/dev/null || true
      for ((i = 0; i < grace * 20; i++)); do
        alive "$pidfile" || break
        sleep 0.05
      done
    fi
    if alive "$pidfile"; then
      kill -KILL "$pid" 2>/dev/null || true
      while alive "$pidfile"; do sleep 0.02; done
    fi
  fi
  rm -f "$pidfile"
}

# port_listening PORT: true when something listens on PORT of any local address.
port_listening() {
  local hex
  printf -v hex ':%04X' "$1"
  awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# port_used PORT: true when any TCP socket, also one that is closing, has PORT as its local port.
port_used() {
  local hex
  printf -v hex ':%04X' "$1"
  awk -v port="$hex" 'substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# free_port: a port that nobody uses, outside the range that the kernel gives to outgoing connections. Two callers
# may still get the same one: whoever listens second fails and asks again.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    if ! port_used "$port"; then
      printf '%s\n' "$port"
      return 0
    fi
  done
  return 1
}

# wait_port_released PORT SECONDS
wait_port_released() {
  for ((i = 0; i < $2 * 20; i++)); do
    port_listening "$1" || return 0
    sleep 0.05
  done
  return 1
}
