"""Scripts of mongosh as a file that prints what its expressions give, and ends at the first error."""

from __future__ import annotations

import pytest

from console.runs.mongo_text import as_file


def shown(text: str) -> str:
    first, _, rest = as_file(text).partition("\n")
    assert first.startswith("const __show")
    return "".join(rest.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("db.stats()", "__show((db.stats()));"),
        ("db.a.find()\ndb.b.find();", "__show((db.a.find()));__show((db.b.find()));"),
        ("db.a.find()\n  .limit(5)\n  // so many\n  .count()", "__show((db.a.find().limit(5).count()));"),
        ("db.a.find({\n  a: 1,\n})", "__show((db.a.find({a:1,})));"),
        ("const x = {\n a: 1\n}\nx.a", "constx={a:1}__show((x.a));"),
        ("if (x) {\n  db.a.drop()\n} else {\n  y\n}", "if(x){db.a.drop()}else{y}"),
        ("function f() {\n  return 3\n}\nf()", "functionf(){return3}__show((f()));"),
        ("use shop\nshow collections", '__show(use("shop"));__show(show("collections"));'),
        ("show log global", '__show(show("log","global"));'),
        ("print('a; b\\'\\n'); /* ; \n */ 1 // x\n", "__show((print('a;b\\'\\n')));__show((1));"),
        ("x = 1 +\n 2; y = `a\n;${x}`", "__show((x=1+2));__show((y=`a;${x}`));"),
        ("db.a.find({n: /[;/\\/]x/})", "__show((db.a.find({n:/[;/\\/]x/})));"),
        ("", ""),
        (";;\n\n", ";;"),
    ],
)  # fmt: skip
def test_statements(text: str, expected: str) -> None:
    assert shown(text) == expected
