# The private Python environment, .dev/venv: moto, boto3, awscli 1, grpcio, pytest. Sourced.

PYTHON=$VENV/bin/python

# Makes the venv, from a Python that has the packages already if there is one, and installs what it
# lacks. Does nothing if the requirements are those of the last time.
install_python() {
  local requirements=$LIB/requirements.txt hash base
  hash=$(hash_of "$requirements" -- venv-1)
  if stamp_is venv "$hash" && "$PYTHON" -c '' 2>/dev/null; then return 0; fi
  step "Making the Python environment .dev/venv"
  rm -rf "$VENV"
  if base=$(python_with_packages "$requirements"); then
    note "taking packages from $base"
    "$base" -m venv --system-site-packages "$VENV" || die "could not make $VENV with $base"
  else
    /usr/bin/python3 -m venv "$VENV" || die "could not make $VENV"
  fi
  with_progress "pip install" "$DEV/log/pip.log" \
    "$PYTHON" -m pip install --disable-pip-version-check --no-input -r "$requirements" ||
    die "pip install failed" "Its output is in $DEV/log/pip.log."
  write_aws_command
  stamp venv "$hash"
}

# A Python of this machine that has moto, boto3 and awscli in the wanted versions.
python_with_packages() {
  local candidate
  for candidate in $(type -ap python3 | sort -u); do
    if "$candidate" - "$1" <<'PY' 2>/dev/null; then
import importlib.metadata, re, sys

if sys.version_info < (3, 11):
    sys.exit(1)
wanted = dict(re.findall(r"^([a-z0-9]+)(?:\[\w+\])?==(\S+)$", open(sys.argv[1]).read(), re.M))
for name in ("moto", "boto3", "botocore", "awscli"):
    if importlib.metadata.version(name) != wanted[name]:
        sys.exit(1)
import moto.server  # The emulator's server needs more than the library does.
PY
      echo "$candidate"
      return 0
    fi
  done
  return 1
}

# `aws` of the venv. Where awscli comes from the machine's own Python, pip leaves no command here.
write_aws_command() {
  rm -f "$VENV/bin/aws"
  cat >"$VENV/bin/aws" <<'SH'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -m awscli "$@"
SH
  chmod 755 "$VENV/bin/aws"
}
