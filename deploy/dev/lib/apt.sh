# Debian packages. Sourced.

# Words of a package list, without its comments.
package_list() { sed 's/#.*//' "$1" | tr -s ' \n' '\n' | grep .; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root: $*" "Run the script as root, or install sudo."
  fi
}

# install_packages LIST...: installs what is missing of the listed packages.
install_packages() {
  local list wanted=() missing=() package
  for list in "$@"; do mapfile -t -O "${#wanted[@]}" wanted < <(package_list "$list"); done
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
  for package in "${wanted[@]}"; do
    grep -qx "installed $package" <<<"$installed" || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0
  check_debian
  step "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  as_root true # sudo may ask for a password: now, not in the background.
  with_progress "apt-get update" "$DEV/log/apt.log" as_root apt-get update ||
    die "apt-get update failed" "Its output is in $DEV/log/apt.log."
  (
    trap allow_default_cluster EXIT
    forbid_default_cluster
    with_progress "apt-get install" "$DEV/log/apt.log" as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "${missing[@]}"
  ) || die "apt-get install failed" "Its output is in $DEV/log/apt.log."
}

check_debian() {
  local id='' version=''
  # shellcheck disable=SC1091
  id=$(. /etc/os-release && echo "${ID:-}") version=$(. /etc/os-release && echo "${VERSION_ID:-}")
  [[ $id == debian && $version == 12 ]] ||
    warn "this is $id $version; the packages are chosen and tested for Debian 12"
}

# postgresql-15 makes and starts a cluster when it is installed. Tidemark's clusters are private to a
# clone, so forbid that, for this one installation only.
NO_CLUSTER=/etc/postgresql-common/createcluster.d/tidemark.conf
forbid_default_cluster() {
  as_root mkdir -p "${NO_CLUSTER%/*}"
  echo 'create_main_cluster = false' | as_root tee "$NO_CLUSTER" >/dev/null
}
allow_default_cluster() { as_root rm -f "$NO_CLUSTER"; }
