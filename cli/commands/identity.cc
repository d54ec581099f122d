#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/commands/dataset_text.h"
#include "cli/commands/pages.h"
#include "cli/commands/session.h"
#include "cli/output/format.h"
#include "cli/output/table.h"

namespace tidemark::cli {
namespace {

namespace v1 = dataset::v1;
using Stub = v1::DatasetAdminService::StubInterface;

void PrintTable(const v1::ListIdentitiesResponse& list, std::ostream& out) {
  Table table({{"IDENTITY"}, {"DATASETS", true}, {"SIZE", true}, {"CHANGED"}});
  for (const v1::IdentityUsage& identity : list.identities()) {
    table.Add(
        {Printable(identity.identity_id()), absl::StrCat(identity.dataset_count()),
         HumanBytes(identity.data_storage_bytes()),
         HumanTime(TimeOf(identity.has_last_modified_time(), identity.last_modified_time()))});
  }
  table.Print(out);
}

absl::Status List(Session& session, const v1::ListIdentitiesRequest& request) {
  TM_ASSIGN_OR_RETURN(const v1::ListIdentitiesResponse list,
                      ReadPages(session, session.clients.admin, &Stub::ListIdentities, request,
                                [](auto& response) { return response.mutable_identities(); }));
  if (session.json()) {
    PrintJson(ListJson(list), session.out());
  } else {
    PrintTable(list, session.out());
  }
  return absl::OkStatus();
}

void AddList(Commands& commands, CLI::App& noun) {
  struct Options {
    std::string pool;
    std::string prefix;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& verb = commands.Verb(noun, "list", "Lists those that hold or held datasets, by id.",
                                 [options](Session& session) {
                                   v1::ListIdentitiesRequest request;
                                   request.set_identity_pool_id(options->pool);
                                   request.set_identity_id_prefix(options->prefix);
                                   return List(session, request);
                                 });
  AddPool(verb, options->pool);
  verb.add_option("--prefix", options->prefix,
                  "Only those whose id begins so: at most 55 characters. Default: all.")
      ->type_name("TEXT");
}

void PrintProof(const v1::EraseIdentityResponse& erased, std::ostream& out) {
  Fields fields;
  fields.Add("datasets erased", absl::StrCat(erased.dataset_count()));
  fields.Add("records erased", absl::StrCat(erased.record_count()));
  fields.Add("data erased", HumanBytes(erased.data_bytes()));
  fields.Add("changes left in the log", erased.change_log_rows() < 0
                                            ? "too many to count"
                                            : absl::StrCat(erased.change_log_rows()));
  fields.Add("erased at", HumanTime(TimeOf(erased.has_erase_time(), erased.erase_time())));
  fields.Print(out);
}

absl::Status Erase(Session& session, const v1::EraseIdentityRequest& request) {
  TM_ASSIGN_OR_RETURN(const v1::EraseIdentityResponse erased,
                      session.clients.admin.Call(&Stub::EraseIdentity, request));
  if (session.json()) {
    PrintJson(ToJson(erased), session.out());
  } else {
    PrintProof(erased, session.out());
  }
  return absl::OkStatus();
}

void AddErase(Commands& commands, CLI::App& noun) {
  struct Options {
    std::string pool;
    std::string identity;
    bool yes = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& verb = commands.Verb(
      noun, "erase",
      "Erases all data of an identity for good, and shows what went. Repeating it is safe.",
      [options](Session& session) -> absl::Status {
        TM_RETURN_IF_ERROR(RequireYes(options->yes, "erases the identity's data for good"));
        v1::EraseIdentityRequest request;
        request.set_identity_pool_id(options->pool);
        request.set_identity_id(options->identity);
        return Erase(session, request);
      });
  AddPool(verb, options->pool);
  verb.add_option("IDENTITY", options->identity, "The identity's id.")->type_name("")->required();
  AddYes(verb, options->yes);
}

absl::Status Merge(Session& session, const v1::MergeIdentitiesRequest& request) {
  TM_ASSIGN_OR_RETURN(const v1::MergeIdentitiesResponse merged,
                      session.clients.admin.Call(&Stub::MergeIdentities, request));
  if (session.json()) {
    PrintJson(ToJson(merged), session.out());
  } else {
    PrintDatasets(merged.merged_datasets(), session.out());
  }
  return absl::OkStatus();
}

void AddMerge(Commands& commands, CLI::App& noun) {
  const auto request = std::make_shared<v1::MergeIdentitiesRequest>();
  CLI::App& verb = commands.Verb(
      noun, "merge",
      "Gives the loser's live datasets to the winner as copies, which are shown, and deletes them. "
      "Repeating it is safe.",
      [request](Session& session) { return Merge(session, *request); });
  verb.add_option("POOL", *request->mutable_identity_pool_id(), "The identity pool's id.")
      ->type_name("")
      ->required();
  verb.add_option("--winner", *request->mutable_winning_identity_id(), "Who receives.")
      ->type_name("IDENTITY")
      ->required();
  verb.add_option("--loser", *request->mutable_losing_identity_id(), "Who gives up everything.")
      ->type_name("IDENTITY")
      ->required();
}

}  // namespace

void AddIdentityCommands(Commands& commands) {
  CLI::App& noun = commands.Noun("identity", "Identities of a pool.");
  AddList(commands, noun);
  AddErase(commands, noun);
  AddMerge(commands, noun);
}

}  // namespace tidemark::cli
