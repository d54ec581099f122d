"""What pgbench runs beside the services."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The parameters of ListRecords for a whole list of one of the datasets of sql/seed.sql.
WHOLE_LIST = {
    1: ":n::bigint",
    2: "'pgbench'",
    3: "('bench:' || :n::bigint)",
    4: "'bench'",
    5: "0",
    6: "NULL::bigint",
    7: "9223372036854775807",
    8: "''",
    9: "65536",
    10: "4194304",
}


def script(name):
    """The text of a script: a file of sql/, or `list_records.sql`, the service's own statement."""
    if name != "list_records.sql":
        return (pathlib.Path(__file__).parent / "sql" / name).read_text()
    source = (ROOT / "services/dataset/store/postgres_record_page.cc").read_text()
    statement = re.search(r'kListRecords\{"\w+", R"sql\((.+?)\)sql"', source, re.DOTALL)[1]
    return ("\\set n random(1, 20000)\n"
            + re.sub(r"\$(\d+)", lambda number: WHOLE_LIST[int(number[1])], statement) + ";\n")
