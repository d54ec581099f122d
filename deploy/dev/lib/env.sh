# .dev/env: what a shell sources to use the stack. Sourced.

# Writes .dev/env. Every AWS client that heeds the environment then talks to the gateway or to moto:
# AWS_ENDPOINT_URL catches the services that are not named, and neither keys nor settings come from
# the user's own ~/.aws or from a machine's metadata service.
write_environment() {
  local moto gateway
  moto=$(url moto) gateway=$(url gateway)
  write_env_file >"$STACK/env.new"
  chmod 600 "$STACK/env.new"
  mv "$STACK/env.new" "$STACK/env"
}

write_env_file() {
  echo "# Written by deploy/dev/up. Use: source .dev/env"
  echo "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_ROLE_ARN \\"
  echo "  AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CA_BUNDLE \\"
  echo "  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
  # Endpoints of further services that the user's shell may name.
  # shellcheck disable=SC2016
  printf '%s %s\n' 'unset AWS_USE_FIPS_ENDPOINT AWS_USE_DUALSTACK_ENDPOINT' \
    '$(env | sed -n "s/^\(AWS_ENDPOINT_URL_[A-Z0-9_]*\)=.*/\1/p")'
  echo "export PATH=$(printf %q:%q "$VENV/bin" "$ROOT/build/$preset/bin"):\$PATH"
  # Were a proxy to take what is meant for this machine, it could not deliver it.
  # shellcheck disable=SC2016
  printf 'export %s=127.0.0.1,localhost${%s:+,$%s}\n' NO_PROXY{,,} no_proxy{,,}
  export_line AWS_ACCESS_KEY_ID "$(credential aws_access_key_id)"
  export_line AWS_SECRET_ACCESS_KEY "$(credential aws_secret_access_key)"
  export_line AWS_REGION "$AWS_DEV_REGION"
  export_line AWS_DEFAULT_REGION "$AWS_DEV_REGION"
  export_line AWS_CONFIG_FILE "$STACK/config/aws-config"
  export_line AWS_SHARED_CREDENTIALS_FILE "$STACK/config/credentials"
  export_line AWS_EC2_METADATA_DISABLED true
  export_line AWS_PAGER ''
  export_line AWS_ENDPOINT_URL "$moto"
  export_line AWS_ENDPOINT_URL_COGNITO_SYNC "$gateway"
  local service
  for service in KINESIS S3 SNS STS; do export_line "AWS_ENDPOINT_URL_$service" "$moto"; done
  export_line AWS_ENDPOINT_URL_LAMBDA "$(url functions)"
  export_line TIDEMARK_ENDPOINT "$gateway"
  export_line TIDEMARK_POOL_ID "$(<"$STACK/config/pool-id")"
  export_line TIDEMARK_STREAM_NAME "$STREAM_NAME"
  export_line TIDEMARK_DSN "$(dsn "$OWNER_ROLE")"
  export_line TIDEMARK_DATASET_ADDR "127.0.0.1:${PORT[dataset]}"
  export_line TIDEMARK_STREAM_CONFIG_ADDR "127.0.0.1:${PORT[stream-config]}"
  export_line TIDEMARK_PUBLISHER_ADDR "127.0.0.1:${PORT[publisher]}"
  export_line TIDEMARK_PUSH_ADDR "127.0.0.1:${PORT[push]}"
  # The same for the CLI: see tidemark --help.
  export_line TIDEMARK_DATASET "127.0.0.1:${PORT[dataset]}"
  export_line TIDEMARK_STREAM_CONFIG "127.0.0.1:${PORT[stream-config]}"
  export_line TIDEMARK_PUBLISHER "127.0.0.1:${PORT[publisher]}"
}

export_line() { printf 'export %s=%q\n' "$1" "$2"; }
