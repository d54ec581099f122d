#include "services/stream_config/domain/text.h"

#include <algorithm>
#include <vector>

#include "common/base/characters.h"

namespace tidemark::stream_config {
namespace {

bool IsRegionCharacter(char c) { return c == '-' || IsDigit(c) || IsLower(c); }
bool IsNameCharacter(char c) { return IsWord(c) || c == '-'; }
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// `arn:aws:<service>:<region>:<account>:<resource>`: a resource may hold further colons.
struct Arn {
  std::string_view service;
  std::string_view region;
  std::string_view account;
  std::string_view resource;
};

// Cuts `text` at the first `mark` and answers what stood before it. Without a mark: all of it.
std::string_view Take(std::string_view& text, char mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return head;
}

// False if `text` does not begin with `arn:aws:` or the account is not a number.
bool ParseArn(std::string_view text, Arn& arn) {
  if (Take(text, ':') != "arn" || Take(text, ':') != "aws") return false;
  arn.service = Take(text, ':');
  arn.region = Take(text, ':');
  arn.account = Take(text, ':');
  arn.resource = text;
  return IsRunOf(arn.account, IsDigit);
}

}  // namespace

std::string_view TakeCharacters(std::string_view text, std::size_t most) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (BeginsCharacter(text[i]) && most-- == 0) return text.substr(0, i);
  }
  return text;
}

bool IsRoleArn(std::string_view text) {
  Arn arn;
  return ParseArn(text, arn) && arn.service == "iam" && arn.region.empty() &&
         arn.resource.starts_with("role/") &&
         std::none_of(arn.resource.begin(), arn.resource.end(), IsControl);
}

std::string_view AccountOf(std::string_view text) {
  Arn arn;
  return ParseArn(text, arn) ? arn.account : std::string_view();
}

std::string_view RegionOf(std::string_view text) {
  Arn arn;
  return ParseArn(text, arn) ? arn.region : std::string_view();
}

bool IsApplicationArn(std::string_view text) {
  Arn arn;
  if (!ParseArn(text, arn) || arn.service != "sns" || !IsRunOf(arn.region, IsRegionCharacter)) {
    return false;
  }
  std::string_view rest = arn.resource;
  return Take(rest, '/') == "app" &&
         IsRunOf(Take(rest, '/'), [](char c) { return IsUpper(c) || c == '_'; }) &&
         IsRunOf(rest, [](char c) { return IsNameCharacter(c) || c == '.'; });
}

bool IsFunctionArn(std::string_view text) {
  Arn arn;
  if (!ParseArn(text, arn) || arn.service != "lambda" || !IsRunOf(arn.region, IsRegionCharacter)) {
    return false;
  }
  std::string_view rest = arn.resource;
  const bool qualified = std::count(rest.begin(), rest.end(), ':') == 2;
  return Take(rest, ':') == "function" && IsRunOf(Take(rest, ':'), IsNameCharacter) &&
         (!qualified || IsRunOf(rest, [](char c) { return IsNameCharacter(c) || c == '$'; })) &&
         (qualified || rest.empty());
}

}  // namespace tidemark::stream_config
