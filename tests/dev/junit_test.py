"""What tests/run counts: nothing that did not run and pass may look green."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))
import junit


class JunitTest(unittest.TestCase):
    def count(self, cases):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
            file.flush()
            with contextlib.redirect_stderr(io.StringIO()) as self.said:
                return junit.count(file.name)

    def test_counts_tests_of_ctest_and_pytest(self):
        self.assertEqual((2, 0), self.count(
            '<testcase name="a" status="run"/><testcase name="b" classname="c"/>'))

    def test_a_failure_an_error_and_a_skipped_test_are_failures(self):
        for problem in ("failure", "error", "skipped"):
            with self.subTest(problem=problem):
                self.assertEqual((0, 1), self.count(f'<testcase name="a"><{problem}/></testcase>'))
                self.assertIn("FAILED:  a", self.said.getvalue())

    def test_what_ctest_did_not_run_is_a_failure(self):
        for status in ("notrun", "disabled", "fail"):
            with self.subTest(status=status):
                self.assertEqual((0, 1), self.count(f'<testcase name="a" status="{status}"/>'))

    def test_a_program_of_many_tests_counts_each(self):
        output = ("[ RUN      ] S.A\n[       OK ] S.A (1 ms)\n[  SKIPPED ] S.B (0 ms)\n"
                  "[       OK ] S/0.C, where GetParam() = (1, 2) (12 ms)\n"
                  "[  FAILED  ] S.D (3 ms)\n[  FAILED  ] 1 test, listed below:\n[  FAILED  ] S.D\n")
        self.assertEqual((2, 2), self.count(
            f'<testcase name="a" status="fail"><failure/><system-out>{output}</system-out>'
            '</testcase>'))

    def test_a_program_that_crashed_after_good_tests_is_a_failure(self):
        self.assertEqual((1, 1), self.count(
            '<testcase name="a" status="fail"><failure/>'
            '<system-out>[       OK ] S.A (1 ms)\nSegmentation fault</system-out></testcase>'))


if __name__ == "__main__":
    unittest.main()
