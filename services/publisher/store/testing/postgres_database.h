#pragma once

#include <memory>

#include "common/pg/options.h"
#include "common/testing/database.h"

namespace tidemark::publisher {

// A database with the schemas `dataset` and `publisher`, shared by the tests of a program and made
// at the first call.
testing::TestDatabase& SharedDatabase();

// Removes all data from it.
void Clear(const testing::TestDatabase& database);

// As the service connects: in its own role.
pg::ConnectOptions ServiceOptions(const testing::TestDatabase& database);

// Another one.
std::unique_ptr<testing::TestDatabase> MakeDatabase();

// Gives each the other's name, so that whoever connects again finds the other one.
void Swap(const testing::TestDatabase& a, const testing::TestDatabase& b);

// Ends all sessions of that role.
void Disconnect(const testing::TestDatabase& database);

}  // namespace tidemark::publisher
