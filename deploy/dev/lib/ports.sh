# TCP ports on loopback. Sourced.

# Whether nobody listens on the port.
port_free() { [[ -z $(ss -Hltn "sport = :$1") ]]; }

# "process 1234 (nginx)", as far as this user may know.
port_holder() {
  local found
  found=$(ss -Hltnp "sport = :$1" | sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/process \2 (\1)/p' |
    head -n 1)
  echo "${found:-a process of another user}"
}

# require_port PORT WHAT FLAG: ends the script if something listens there.
require_port() {
  port_free "$1" && return 0
  die "port $1, wanted for $2, is taken by $(port_holder "$1")" \
    "Stop that process, or choose another port: $3 PORT (or --port-base for all of them)."
}

# A port that was free a moment ago.
pick_port() {
  /usr/bin/python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
