#include "cli/commands/pool_text.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "cli/output/format.h"
#include "cli/output/table.h"

namespace tidemark::cli {
namespace {

using stream_config::v1::Pool;

void AddStream(const Pool& pool, Fields& fields) {
  const auto& stream = pool.stream();
  fields.Add("stream", OrAbsent(stream.stream_name()));
  if (!pool.has_stream()) return;
  fields.Add("  role", OrAbsent(stream.role_arn()));
  fields.Add("  status", HumanEnum(stream.status()));
  if (!stream.disabled_reason().empty()) {
    fields.Add("  disabled because", Printable(stream.disabled_reason()));
  }
  fields.Add("  last enabled", HumanTime(TimeOf(stream.has_enabled_time(), stream.enabled_time())));
  fields.Add("  start position", absl::StrCat(stream.start_position()));
  fields.Add("  epoch", absl::StrCat(stream.epoch()));
}

void AddPush(const Pool& pool, Fields& fields) {
  if (!pool.has_push()) return;
  for (const std::string& arn : pool.push().application_arns()) {
    fields.Add("push application", Printable(arn));
  }
  fields.Add("push role", OrAbsent(pool.push().role_arn()));
}

void AddEvents(const Pool& pool, Fields& fields) {
  const std::map<std::string, std::string> functions(pool.events().functions().begin(),
                                                     pool.events().functions().end());
  for (const auto& [event, arn] : functions) fields.Add(Printable(event), OrAbsent(arn));
}

// Only limits that were adjusted: the others are the service's business.
void AddLimits(const Pool& pool, Fields& fields) {
  const auto add = [&fields](const char* name, std::int64_t limit) {
    if (limit != 0) fields.Add(name, absl::StrCat(limit));
  };
  const auto& limits = pool.limits();
  add("datasets per identity", limits.datasets_per_identity());
  add("records per dataset", limits.records_per_dataset());
  add("bytes per dataset", limits.bytes_per_dataset());
  add("keys per dataset", limits.keys_per_dataset());
  add("dataset names per identity", limits.dataset_names_per_identity());
}

}  // namespace

void PrintPool(const Pool& pool, std::ostream& out) {
  Fields fields;
  fields.Add("pool", Printable(pool.identity_pool_id()));
  fields.Add("display name", OrAbsent(pool.display_name()));
  fields.Add("number", absl::StrCat(pool.pool_number()));
  fields.Add("version", absl::StrCat(pool.version()));
  fields.Add("created", HumanTime(TimeOf(pool.has_create_time(), pool.create_time())));
  fields.Add("changed", HumanTime(TimeOf(pool.has_update_time(), pool.update_time())));
  fields.Add("role external id", OrAbsent(pool.role_external_id()));
  AddStream(pool, fields);
  AddPush(pool, fields);
  AddEvents(pool, fields);
  AddLimits(pool, fields);
  if (pool.has_bulk_publish()) {
    fields.Add("bulk publish", absl::StrCat("job ", pool.bulk_publish().job(), ", ",
                                            HumanEnum(pool.bulk_publish().state())));
  }
  fields.Print(out);
}

void PrintPools(const stream_config::v1::ListPoolsResponse& pools, std::ostream& out) {
  Table table({{"POOL"},
               {"STREAM"},
               {"STATUS"},
               {"EPOCH", true},
               {"VERSION", true},
               {"CHANGED"},
               {"DISPLAY NAME"}});
  for (const Pool& pool : pools.pools()) {
    table.Add({Printable(pool.identity_pool_id()), OrAbsent(pool.stream().stream_name()),
               HumanEnum(pool.stream().status()), absl::StrCat(pool.stream().epoch()),
               absl::StrCat(pool.version()),
               HumanTime(TimeOf(pool.has_update_time(), pool.update_time())),
               OrAbsent(pool.display_name())});
  }
  table.Print(out);
}

}  // namespace tidemark::cli
