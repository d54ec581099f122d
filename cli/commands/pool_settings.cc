#include "cli/commands/pool_settings.h"

namespace tidemark::cli {
namespace {

using namespace stream_config::v1;  // NOLINT: one file, one package

constexpr char kSyncTrigger[] = "SyncTrigger";

void AddText(CLI::App& verb, const std::string& flag, std::optional<std::string>& target,
             const std::string& type, const std::string& help) {
  verb.add_option_function<std::string>(
          flag, [&target](const std::string& text) { target = text; }, help)
      ->type_name(type);
}

void AddStream(CLI::App& verb, PoolSettings& settings) {
  AddText(verb, "--stream-name", settings.stream_name, "NAME",
          "The Kinesis stream: 1 to 128 characters of [a-zA-Z0-9_.-].");
  AddText(verb, "--stream-role-arn", settings.stream_role_arn, "ARN",
          "The role that Tidemark assumes to write to it.");
  auto* status = verb.add_option_function<std::string>(
      "--stream-status", [&settings](const std::string& text) { settings.stream_status = text; },
      "Whether changes go to the stream.");
  status->type_name("enabled|disabled")->check([](const std::string& text) {
    return text == "enabled" || text == "disabled"
               ? std::string()
               : "\"" + text + "\" is not one of enabled|disabled";
  });
}

void AddPush(CLI::App& verb, PoolSettings& settings) {
  verb.add_option(
          "--push-application-arn", settings.push_application_arns,
          "An SNS platform application for push sync; may be repeated, 16 times at most. All "
          "that the pool has are replaced.")
      ->type_name("ARN")
      ->allow_extra_args(false);
  AddText(verb, "--push-role-arn", settings.push_role_arn, "ARN",
          "The role that Tidemark assumes to use SNS.");
}

template <typename Number>
void AddLimit(CLI::App& verb, const std::string& flag, std::optional<Number>& target,
              const std::string& help) {
  verb.add_option(flag, target, help + "; 0: the default.")->type_name("NUMBER");
}

void AddLimits(CLI::App& verb, PoolSettings& settings) {
  AddLimit(verb, "--datasets-per-identity", settings.datasets_per_identity,
           "Limit of an identity's live datasets: 1 to 1000, default 20");
  AddLimit(verb, "--records-per-dataset", settings.records_per_dataset,
           "Limit of a dataset's live records: 1 to 16384, default 1024");
  AddLimit(verb, "--bytes-per-dataset", settings.bytes_per_dataset,
           "Limit of keys and values of a dataset's live records, in bytes: 1024 to 16777216, "
           "default 1048576");
  AddLimit(verb, "--keys-per-dataset", settings.keys_per_dataset,
           "Limit of keys that a dataset remembers, live and removed: 1 to 65536, default 16384");
  AddLimit(verb, "--dataset-names-per-identity", settings.dataset_names_per_identity,
           "Limit of dataset names that an identity ever used: 1 to 10000, default 1000");
}

}  // namespace

bool PoolSettings::HasLimits() const {
  return datasets_per_identity || records_per_dataset || bytes_per_dataset || keys_per_dataset ||
         dataset_names_per_identity;
}

void AddSettings(CLI::App& verb, PoolSettings& settings) {
  AddText(verb, "--display-name", settings.display_name, "TEXT",
          "A name for people: 0 to 128 characters.");
  AddStream(verb, settings);
  AddPush(verb, settings);
  AddText(verb, "--sync-trigger", settings.sync_trigger, "ARN",
          "The Lambda function that is asked about each sync; \"\" for none.");
  AddLimits(verb, settings);
}

void AddClearing(CLI::App& verb, PoolSettings& settings) {
  verb.add_flag("--no-stream", settings.no_stream, "Forgets the stream's settings.");
  verb.add_flag("--no-push", settings.no_push, "Forgets the settings of push sync.");
}

void Apply(const PoolSettings& settings, StreamSettings& stream) {
  if (settings.stream_name) stream.set_stream_name(*settings.stream_name);
  if (settings.stream_role_arn) stream.set_role_arn(*settings.stream_role_arn);
  if (settings.stream_status) {
    stream.set_status(*settings.stream_status == "enabled" ? STREAMING_STATUS_ENABLED
                                                           : STREAMING_STATUS_DISABLED);
  }
}

void Apply(const PoolSettings& settings, PushSettings& push) {
  if (!settings.push_application_arns.empty()) {
    push.mutable_application_arns()->Assign(settings.push_application_arns.begin(),
                                            settings.push_application_arns.end());
  }
  if (settings.push_role_arn) push.set_role_arn(*settings.push_role_arn);
}

void Apply(const PoolSettings& settings, EventSettings& events) {
  if (settings.sync_trigger) (*events.mutable_functions())[kSyncTrigger] = *settings.sync_trigger;
}

void Apply(const PoolSettings& settings, Limits& limits) {
  if (settings.datasets_per_identity) {
    limits.set_datasets_per_identity(*settings.datasets_per_identity);
  }
  if (settings.records_per_dataset) limits.set_records_per_dataset(*settings.records_per_dataset);
  if (settings.bytes_per_dataset) limits.set_bytes_per_dataset(*settings.bytes_per_dataset);
  if (settings.keys_per_dataset) limits.set_keys_per_dataset(*settings.keys_per_dataset);
  if (settings.dataset_names_per_identity) {
    limits.set_dataset_names_per_identity(*settings.dataset_names_per_identity);
  }
}

}  // namespace tidemark::cli
