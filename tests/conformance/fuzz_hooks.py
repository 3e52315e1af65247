"""What the fuzzer is told about this server: its scalars, and what an answer may never be."""

import json
import os
from collections import Counter

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

# Errors of the server's own are told by this code; every other one is about the request.
FORBIDDEN = {"INTERNAL", None}
SUMMARY = os.environ["FUZZ_SUMMARY"]
KNOWN = json.loads(os.environ["FUZZ_IDS"])

seen = Counter()
codes = Counter()

json_scalars = st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text()


def literal(value):
    """A JSON value as the document writes it."""
    match value:
        case None:
            return nodes.Null
        case bool():
            return nodes.Boolean(value)
        case int():
            return nodes.Int(value)
        case _:
            return nodes.String(value)


schemathesis.graphql.scalar("JSON", json_scalars.map(literal))
# Many ids are nobody's; those of one experiment and one session reach what lies behind.
ids = st.sampled_from(KNOWN) | st.text() if KNOWN else st.text()
schemathesis.graphql.scalar("ID", ids.map(nodes.String))


@schemathesis.check
def no_error_of_the_servers_own(ctx, response, case):
    """The answer is one of GraphQL, and says of no error that it is the server's."""
    seen[case.operation.label] += 1
    answer = response.json()
    assert isinstance(answer, dict) and ("data" in answer or answer.get("errors")), answer
    for error in answer.get("errors", []):
        code = error.get("extensions", {}).get("code")
        codes[str(code)] += 1
        assert code not in FORBIDDEN, error
        assert error["extensions"]["traceId"], error
    with open(SUMMARY, "w") as file:
        json.dump({"requests": seen, "codes": codes}, file)
