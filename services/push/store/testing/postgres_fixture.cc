#include "services/push/store/testing/postgres_fixture.h"

#include <memory>

#include "tidemark/push/migrations.h"

namespace tidemark::push {

const testing::TestDatabase& SharedDatabase() {
  static const std::unique_ptr<testing::TestDatabase> database =
      testing::TestDatabase::Create({&Migrations()});
  return *database;
}

pg::ConnectOptions ServiceOptions() {
  pg::ConnectOptions options = SharedDatabase().options();
  options.dsn = SharedDatabase().DsnAs("tidemark_push");
  return options;
}

PostgresUnderTest::PostgresUnderTest()
    : reads_(ServiceOptions(), 2), writes_(ServiceOptions(), 4), replica_(ServiceOptions(), 4) {
  SharedDatabase().Run("TRUNCATE push.device CASCADE");
}

}  // namespace tidemark::push
