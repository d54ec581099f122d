#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/keyring.h"

// Opaque tokens that a client carries for us: page tokens, session tokens. A seal proves that this
// installation made the token, for this purpose and these inputs; it hides nothing.
namespace tidemark::seal {

// Fields of a token, or the inputs that it is bound to. None may contain U+0000.
using Fields = std::vector<std::string>;

// A token of `fields`, for `purpose` (a constant such as "list-records") and bound to `inputs`,
// which it does not contain. URL-safe characters only.
std::string Seal(const config::Keyring& keyring, std::string_view purpose, const Fields& inputs,
                 const Fields& fields);

// The fields of a token that Seal made with a key of the ring for the same purpose and inputs;
// nullopt for any other text.
std::optional<Fields> Open(const config::Keyring& keyring, std::string_view purpose,
                           const Fields& inputs, std::string_view token);

// Decimal numbers in fields: nullopt for what is not one of 64 bits.
std::string Number(std::int64_t value);
std::optional<std::int64_t> ParseNumber(std::string_view field);

}  // namespace tidemark::seal
