#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/config/keyring.h"

// Links to the records of an event that was too large for its stream: the publisher makes them, the
// gateway follows them. Whoever has a link may read until it ends.
namespace tidemark::seal {

// What the path of a link begins with; the token is the rest.
inline constexpr std::string_view kRecordLinkPath = "/records/";

struct RecordLink {
  std::string object_key;  // in the bucket; without U+0000
  absl::Time expiry;       // in whole seconds
};

// A token for the link: a secret to all but those it is meant for. URL-safe characters only.
std::string MakeRecordLink(const config::Keyring& keyring, const RecordLink& link);

// The link that a token stands for, also if it has expired; nullopt unless MakeRecordLink made it
// with a key of the ring.
std::optional<RecordLink> OpenRecordLink(const config::Keyring& keyring, std::string_view token);

}  // namespace tidemark::seal
