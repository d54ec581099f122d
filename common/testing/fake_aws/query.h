#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tidemark::fake_aws {

// Parameters of a query string or of a form, decoded; of several with one name the last stands.
using Parameters = std::map<std::string, std::string, std::less<>>;

// What stands before and behind the '?' of a request's target.
std::string_view PathOf(std::string_view target);
std::string_view QueryOf(std::string_view target);

Parameters ParseQuery(std::string_view query);

// The parameter's value; empty if there is none.
std::string_view Get(const Parameters& parameters, std::string_view name);

}  // namespace tidemark::fake_aws
