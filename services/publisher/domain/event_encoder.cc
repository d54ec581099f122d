#include "services/publisher/domain/event_encoder.h"

#include <array>
#include <charconv>

namespace tidemark::publisher {
namespace {

// What stands after the backslash for a byte that must be escaped; 'u' for \u00XX, 0 for none.
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> escapes{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) escapes[byte] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = MakeEscapes();

void AppendInteger(std::int64_t number, std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void AppendRecord(const EventRecord& record, std::string& out) {
  out += R"({"key":)";
  AppendJsonString(record.key, out);
  out += R"(,"value":)";
  if (record.value) {
    AppendJsonString(*record.value, out);
  } else {
    out += "null";
  }
  out += R"(,"syncCount":)";
  AppendInteger(record.sync_count, out);
  out += R"(,"lastModifiedDate":)";
  AppendInteger(record.last_modified_ms, out);
  out += R"(,"deviceLastModifiedDate":)";
  AppendInteger(record.device_last_modified_ms, out);
  out += record.value ? R"(,"op":"replace"})" : R"(,"op":"remove"})";
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // where the bytes begin that are not yet appended
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += kHex[byte >> 4];
      out += kHex[byte & 0xF];
    }
  }
  out.append(text, plain);
  out += '"';
}

void AppendEvent(const EventView& event, std::string& out) {
  out += R"({"identityPoolId":)";
  AppendJsonString(event.pool_id, out);
  out += R"(,"identityId":)";
  AppendJsonString(event.identity_id, out);
  out += R"(,"dataSetName":)";
  AppendJsonString(event.dataset_name, out);
  out += R"(,"datasetName":)";
  AppendJsonString(event.dataset_name, out);
  out += event.deletion ? R"(,"operation":"remove")" : R"(,"operation":"replace")";
  if (!event.deletion) {
    out += R"(,"kinesisSyncRecords":[)";
    for (const EventRecord& record : event.records) {
      if (&record != event.records.data()) out += ',';
      AppendRecord(record, out);
    }
    out += ']';
  }
  out += R"(,"lastModifiedDate":)";
  AppendInteger(event.last_modified_ms, out);
  out += R"(,"payloadType":"Inline","syncCount":)";
  AppendInteger(event.sync_count, out);
  out += '}';
}

}  // namespace tidemark::publisher
