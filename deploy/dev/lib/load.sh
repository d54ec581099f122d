# Sources the whole library. The script that does so has set ROOT, the root of the clone.
LC_ALL=C.UTF-8
export LC_ALL
# Nothing of the caller's shell may change what the scripts do.
unset CDPATH GREP_OPTIONS PYTHONPATH PYTHONHOME VIRTUAL_ENV
# Services and libpq take settings from the environment.
for name in $(compgen -e TIDEMARK_) $(compgen -e PG); do
  [[ $name == TIDEMARK_STACK_DIR ]] || unset "$name"
done
unset name
# What listens on this machine is not reached through a proxy.
export NO_PROXY=127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY} no_proxy=127.0.0.1,localhost${no_proxy:+,$no_proxy}

# Quietly: a step that is interrupted has not failed.
trap 'echo "interrupted" >&2; exit 130' INT TERM

for part in say paths apt python node build ports process postgres moto; do
  # shellcheck source=/dev/null
  source "$ROOT/deploy/dev/lib/$part.sh"
done
unset part
