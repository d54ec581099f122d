"""Shows that check.py catches each violation, and lets good code pass."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import check

GOOD = {
    "common/base/ids.h": '#include <string>\n',
    "common/errors/error.h": '#include "absl/status/status.h"\n#include "common/base/ids.h"\n',
    "common/pg/connection.cc": '#include <libpq-fe.h>\nauto q = "SELECT 1 FROM pg_class";\n',
    "common/pg/connection_pgtest.cc": '#include "common/testing/postgres.h"\n',
    "services/dataset/domain/merge.h":
        '#include <span>\n#include "absl/status/statusor.h"\n#include "common/errors/error.h"\n'
        '#include "services/dataset/domain/record.h"\n#include "tidemark/errors/v1/errors.pb.h"\n',
    "services/dataset/domain/merge_test.cc":
        '#include <gtest/gtest.h>\n#include "common/testing/status.h"\n#include "rapidcheck.h"\n',
    "services/dataset/store/store.h": '#include "services/dataset/domain/merge.h"\n',
    "services/dataset/store/memory_store.cc":
        '// SELECT x FROM y is what the other store does.\n'
        '#include "services/dataset/store/store.h"\nauto text = "choose what to select from the list";\n',
    "services/dataset/store/postgres_store.cc":
        '#include "common/pg/connection.h"\nauto q = R"sql(\nINSERT INTO dataset.record)sql";\n',
    "services/dataset/store/write_lanes.h": '#include "common/pg/lane.h"\n',
    "services/dataset/rpc/service.cc":
        '#include <grpcpp/grpcpp.h>\n#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"\n',
    "services/gateway/wire/codecs.h": '#include "tidemark/dataset/v1/dataset_service.pb.h"\n',
    "cli/commands/pool.cc":
        '#include "cli/client/client.h"\n#include "common/rpc/channel.h"\n#include <grpcpp/grpcpp.h>\n'
        '#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"\n',
    "cli/output/table_test.cc": '#include "cli/output/table.h"\n#include "cli/testing/fixture.h"\n',
    "services/dataset/main.cc": '#include "common/pg/pool.h"\n#include <grpcpp/grpcpp.h>\n',
}

# (path, content, a part of the message)
BAD = [
    ("services/dataset/domain/a.h", '#include "common/pg/connection.h"', "domain code"),
    ("services/dataset/domain/a.h", '#include "services/dataset/store/store.h"', "domain code"),
    ("services/dataset/domain/a.h", '#include "tidemark/dataset/v1/dataset.pb.h"', "domain code"),
    ("services/dataset/domain/a.h", '# include <grpcpp/grpcpp.h>', "domain code"),
    ("services/dataset/domain/a.cc", '#include <nlohmann/json.hpp>', "domain code"),
    ("services/dataset/domain/a.cc", '#include <gtest/gtest.h>', "domain code"),
    ("services/dataset/domain/a_test.cc", '#include "common/rpc/server.h"', "domain code"),
    ("services/dataset/store/memory_store.cc", '#include "common/pg/row.h"', "Postgres stores"),
    ("services/dataset/store/store.h", '#include <libpq-fe.h>', "Postgres stores"),
    ("services/dataset/store/store.h", '#include "services/dataset/rpc/a.h"', "store/ may not"),
    ("services/dataset/store/postgres_store.cc",
     '#include "tidemark/dataset/v1/dataset_service.pb.h"', "only rpc/"),
    ("services/publisher/deliver/a.cc", '#include <grpcpp/grpcpp.h>', "only rpc/"),
    ("services/publisher/engine/a.cc", '#include "services/publisher/rpc/a.h"', "engine/ may not"),
    ("services/gateway/http/a.cc", '#include "services/gateway/wire/a.h"', "http/ may not"),
    ("services/gateway/http/a.cc", '#include <grpcpp/grpcpp.h>', "only rpc/"),
    ("services/publisher/rpc/a.cc", '#include "services/dataset/domain/merge.h"', "proto/ and"),
    ("services/publisher/domain/a.cc", '#include "services/dataset/domain/merge.h"', "proto/ and"),
    ("services/publisher/rpc/a.cc", '#include "common/testing/status.h"', "only tests"),
    ("services/publisher/rpc/a.cc", 'auto q = "SELECT body FROM log";', "SQL stands"),
    ("services/publisher/store/memory_store.cc", 'auto q = "UPDATE a "\n  "SET b = 1";',
     "SQL stands"),
    ("services/publisher/main.cc", 'auto q = R"(\nDELETE\nFROM x)";', "SQL stands"),
    ("common/obs/a.cc", 'auto q = "INSERT INTO x";', "SQL stands"),
    ("common/base/a.h", '#include "common/errors/error.h"', "common/base may not"),
    ("common/pg/a.h", '#include "common/rpc/server.h"', "common/pg may not"),
    ("common/pg/a.h", '#include "common/testing/status.h"', "common/pg may not"),
    ("common/rpc/a_test.cc", '#include "services/dataset/domain/merge.h"', "may not include"),
    ("cli/commands/a.cc", '#include "services/dataset/domain/merge.h"', "cli/ may not"),
    ("cli/commands/a.cc", '#include "common/pg/connection.h"', "cli/ may not"),
    ("cli/output/a.cc", '#include "cli/commands/a.h"', "cli/output may not"),
    ("cli/client/a.cc", '#include "cli/output/a.h"', "cli/client may not"),
    ("cli/commands/a.cc", '#include "cli/testing/a.h"', "only tests"),
    ("services/dataset/rpc/a.cc", '#include "cli/client/a.h"', "proto/ and"),
    ("common/novel/a.h", '', "unknown to tests/layers"),
    ("common/base/long.cc", "\n" * 501, "at most 500"),
    ("common/base/long_test.cc", "\n" * 701, "at most 700"),
]


class LayersTest(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            for path, content in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content)
            return check.check(root)

    def test_good_code_passes(self):
        self.assertEqual([], [str(found) for found in self.check(GOOD)])

    def test_each_violation_is_found_alone(self):
        for path, content, message in BAD:
            with self.subTest(path=path, content=content[:60]):
                found = [str(violation) for violation in self.check({**GOOD, path: content})]
                self.assertEqual([path], sorted({text.split(":")[0] for text in found}))
                self.assertIn(message, " ".join(found))

    def test_a_violation_names_its_line(self):
        found = self.check({**GOOD, "common/base/a.h": '\n\n#include "common/pg/row.h"\n'})
        self.assertEqual([("common/base/a.h", 3)], [(v.path, v.line) for v in found])

    def test_the_program_fails_on_a_violation_and_on_an_empty_tree(self):
        with tempfile.TemporaryDirectory() as directory:
            program = [sys.executable, check.__file__, directory]
            self.assertNotEqual(0, subprocess.run(program, capture_output=True).returncode)
            bad = pathlib.Path(directory, "common/base/a.h")
            bad.parent.mkdir(parents=True)
            bad.write_text('#include "services/dataset/main.h"\n')
            self.assertEqual(1, subprocess.run(program, capture_output=True).returncode)
            bad.write_text("")
            self.assertEqual(0, subprocess.run(program, capture_output=True).returncode)


if __name__ == "__main__":
    unittest.main()
