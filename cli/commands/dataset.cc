#include <cstdint>
#include <memory>
#include <vector>

#include "cli/commands/dataset_text.h"
#include "cli/commands/pages.h"
#include "cli/commands/session.h"
#include "cli/output/error.h"

namespace tidemark::cli {
namespace {

namespace v1 = dataset::v1;

absl::Status List(Session& session, const v1::ListDatasetsRequest& request) {
  TM_ASSIGN_OR_RETURN(
      const v1::ListDatasetsResponse list,
      ReadPages(session, session.clients.datasets, &v1::DatasetService::StubInterface::ListDatasets,
                request, [](auto& response) { return response.mutable_datasets(); }));
  if (session.json()) {
    PrintJson(ListJson(list), session.out());
  } else {
    PrintDatasets(list.datasets(), session.out());
  }
  return absl::OkStatus();
}

void AddList(Commands& commands, CLI::App& noun) {
  const auto request = std::make_shared<v1::ListDatasetsRequest>();
  CLI::App& verb = commands.Verb(noun, "list", "Lists an identity's live datasets, by name.",
                                 [request](Session& session) { return List(session, *request); });
  AddPool(verb, *request->mutable_identity_pool_id());
  verb.add_option("IDENTITY", *request->mutable_identity_id(), "The identity's id.")
      ->type_name("")
      ->required();
}

absl::Status Export(Session& session, const v1::ExportPoolRequest& request) {
  return session.clients.admin.Read(&v1::DatasetAdminService::StubInterface::ExportPool, request,
                                    [&session](const v1::ExportPoolResponse& part) -> absl::Status {
                                      PrintJsonLine(ToJson(part), session.out());
                                      return session.out() ? absl::OkStatus() : CantWrite();
                                    });
}

void AddExport(Commands& commands, CLI::App& noun) {
  struct Options {
    std::string pool;
    std::string resume_token;
    std::vector<std::uint32_t> log_shards;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& verb =
      commands.Verb(noun, "export",
                    "Writes a pool's live datasets with all live records as JSON Lines, whatever "
                    "--output says: a "
                    "dataset, or a part of a large one, on a line. --timeout does not bound it.",
                    [options](Session& session) {
                      v1::ExportPoolRequest request;
                      request.set_identity_pool_id(options->pool);
                      request.set_resume_token(options->resume_token);
                      request.mutable_log_shards()->Assign(options->log_shards.begin(),
                                                           options->log_shards.end());
                      return Export(session, request);
                    });
  AddPool(verb, options->pool);
  verb.add_option("--resume-token", options->resume_token,
                  "The last `resume_token` of an export that was cut short: goes on after that "
                  "dataset. Default: from the start.")
      ->type_name("TOKEN");
  verb.add_option("--log-shard", options->log_shards,
                  "Only identities of this log shard, 0 to 255; may be repeated. Default: all.")
      ->type_name("NUMBER")
      ->allow_extra_args(false);
}

}  // namespace

void AddDatasetCommands(Commands& commands) {
  CLI::App& noun = commands.Noun("dataset", "Datasets of identities.");
  AddList(commands, noun);
  AddExport(commands, noun);
}

}  // namespace tidemark::cli
