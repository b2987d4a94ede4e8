"""tests/list_rules.py [--check | --strict]: which test proves which rule of rules.txt.

A test is a function test_*() of Python, a void NAME(void **state) of cmocka, a .scn file, a client program
under e2e/clients or a check_*.sh. It proves the rules that it names: in the function's name or docstring, in
comments in it or directly above it; in a file that is one test, in any comment. "W1 to W3" names all three.
A comment that belongs to no test, such as a file's header, says what the file is about and proves nothing.

Exit code 1 if something names a rule that rules.txt does not have, or rules.txt is not in order; with --strict
also if a rule has no test. --check prints only what is wrong.
"""
import ast
import io
import os
import re
import sys
import tokenize

TESTS = os.path.dirname(os.path.abspath(__file__))
ID = r"(?:W[0-9]+|S[0-9]+(?:\.[0-9]+)*-[a-z0-9.-]+|S-[a-z]+-[a-z0-9-]+|X[0-9]{4}-[a-z0-9-]+)"
# generous, so that a slip in an id is an unknown rule and not a rule overlooked
WORD = re.compile(r"(?<![A-Za-z0-9.-])(?:W[0-9]+(?![A-Za-z0-9])|S[0-9][0-9.]*-[A-Za-z0-9][A-Za-z0-9.-]*"
                  r"|S-(?:code|field)-[A-Za-z0-9-]+|X[0-9]{4}-[A-Za-z0-9-]+)")
RANGE = re.compile(r"(?<![A-Za-z0-9])W([0-9]+) to W([0-9]+)(?![A-Za-z0-9])")
LINE = re.compile(r"(" + ID + r")(?: = ((?:W[0-9]+ ?)+))?: (\S.*)")
W_RULES = 85


class Rules:
    """rules.txt: id -> text, and id -> the W rules that say the same."""

    def __init__(self, path):
        self.text, self.same, self.wrong = {}, {}, []
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip("\n")
                if not line or line.startswith("#"):
                    continue
                match = LINE.fullmatch(line)
                if not match:
                    self.wrong.append("rules.txt:%d: not `ID: text` or `ID = W1 W2: text`: %s" % (number, line))
                elif match[1] in self.text:
                    self.wrong.append("rules.txt:%d: %s is there twice" % (number, match[1]))
                else:
                    self.text[match[1]] = match[3]
                    self.same[match[1]] = (match[2] or "").split()
        wanted = {"W%d" % n for n in range(1, W_RULES + 1)}
        present = {rule for rule in self.text if rule.startswith("W")}
        self.wrong += ["rules.txt: %s is missing" % rule for rule in sorted(wanted - present, key=order)]
        self.wrong += ["rules.txt: %s is not in the contract" % rule for rule in sorted(present - wanted)]
        for rule, same in self.same.items():
            self.wrong += ["rules.txt: %s = %s, which is not in the contract" % (rule, w)
                           for w in same if w not in wanted]


def order(rule):
    """Sorts W2 before W10 and S7.2 before S17.1."""
    return [int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", rule)]


def ids(text):
    """The rules named in prose, ranges spelled out."""
    found = {word.rstrip(".-") for word in WORD.findall(text)}
    for first, last in RANGE.findall(text):
        found.update("W%d" % n for n in range(int(first), int(last) + 1))
    return found


def c_tests(source):
    """Yields (test or None, prose). Comments count for the function they are in or directly above."""
    tests = set(re.findall(r"^(?:static )?void (\w+)\(\s*void \*\*\w+\)", source, re.M))
    token = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
    comments = [(m.start(), m.end(), m[0]) for m in token.finditer(source) if m[0][0] == "/"]
    bare = token.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), source)
    spans = []  # from the comments above a function to the brace that ends it
    for match in re.finditer(r"^[a-z][^;{}#]*?\b(\w+)\([^;{}]*\)\s*\{.*?^\}", bare, re.S | re.M):
        start = match.start()
        for begin, end, _ in reversed(comments):
            if end <= start:
                if source[end:start].strip(" \t") != "\n":
                    break
                start = begin
        spans.append((start, match.end(), match[1]))
    for name in tests:
        yield name, name.replace("_", " ")
    for begin, end, text in comments:
        owner = next((name for first, last, name in spans if first <= begin < last), None)
        yield (owner if owner in tests else None), text


def py_tests(source):
    """Yields (test or None, prose) of a Python file: docstrings, comments, names."""
    tree = ast.parse(source)
    lines = source.split("\n")
    spans = []
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        first = min([node.lineno] + [d.lineno for d in node.decorator_list])
        while first > 1 and lines[first - 2].startswith("#"):
            first -= 1
        if node.name.startswith("test_"):
            spans.append((first, node.end_lineno, node.name))
            yield node.name, node.name.replace("_", " ") + " " + (ast.get_docstring(node) or "")
        else:
            yield None, ast.get_docstring(node) or ""
    yield None, ast.get_docstring(tree) or ""
    for tok in tokenize.generate_tokens(io.StringIO(source).readline):
        if tok.type == tokenize.COMMENT:
            yield next((name for first, last, name in spans if first <= tok.start[0] <= last), None), tok.string


def comment_lines(source):
    """The comments of a file that is one test."""
    for text in re.findall(r"^\s*(?:#|//)(.*)$", source, re.M):
        yield "", text
    for text in re.findall(r"\"\"\"(.*?)\"\"\"|/\*(.*?)\*/", source, re.S):
        yield "", " ".join(text)


def mentions(path, source):
    """Yields (test, prose): "" is the file itself, None is nobody."""
    folder, name = os.path.split(path)
    if name.endswith(".scn") or folder == "e2e/clients" or re.fullmatch(r"check_.*\.sh", name):
        return comment_lines(source)
    if name.endswith(".py"):
        found = py_tests(source)
    elif name.endswith((".c", ".h")):
        found = c_tests(source)
    else:
        return ((None, text) for _, text in comment_lines(source))
    if re.fullmatch(r"test_.*\.(c|py)", name):
        return found
    return ((None, text) for _, text in found)  # support: it runs, but as part of others


def scan(rules):
    """({rule: tests}, {rule: files that only mention it}, errors)"""
    proofs, touched, wrong = {}, {}, []
    for folder, folders, names in os.walk(TESTS):
        folders[:] = sorted(f for f in folders if f not in ("__pycache__", "corpus"))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), TESTS)
            if path in ("rules.txt", "list_rules.py", "README.md"):
                continue
            try:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    source = file.read()
            except UnicodeDecodeError:
                continue
            for test, prose in mentions(path, source):
                for rule in ids(prose):
                    if rule not in rules.text:
                        wrong.append("tests/%s: there is no rule %s" % (path, rule))
                    elif test is None:
                        touched.setdefault(rule, set()).add(path)
                    else:
                        proofs.setdefault(rule, set()).add(path + (":" + test if test else ""))
    return proofs, touched, sorted(set(wrong))


def report(rules, proofs, touched):
    """Prints rule -> tests and what has none; returns how many have none."""
    none = []
    for rule in rules.text:
        tests = sorted(proofs.get(rule, ()))
        same = rules.same[rule]
        if same and all(w in proofs for w in same):
            tests.append("as " + " ".join(same))
        if not tests:
            none.append(rule)
        for n, test in enumerate(tests):
            print("%-26s %s" % ("" if n else rule, test))
    print("\nNo test names:" if none else "\nEvery rule has a test.")
    for rule in none:
        missing = [w for w in rules.same[rule] if w not in proofs]
        why = " (as %s)" % " ".join(missing) if missing else ""
        about = " [only a header: %s]" % " ".join(sorted(touched[rule])) if rule in touched else ""
        print("%-26s %s%s%s" % (rule, rules.text[rule], why, about))
    print()
    for kind, about in (("W", "wire contract"), ("S", "XEP-0045"), ("X", "other XEPs")):
        total = [rule for rule in rules.text if rule.startswith(kind)]
        bare = [rule for rule in none if rule.startswith(kind)]
        print("%-14s %3d rules, %3d with a test, %3d without" % (about, len(total), len(total) - len(bare),
                                                               len(bare)))
    return len(none)


def main(argv):
    if argv not in ([], ["--check"], ["--strict"]):
        print("usage: tests/list_rules.py [--check | --strict]", file=sys.stderr)
        return 2
    rules = Rules(os.path.join(TESTS, "rules.txt"))
    proofs, touched, unknown = scan(rules)
    missing = 0 if argv == ["--check"] else report(rules, proofs, touched)
    wrong = rules.wrong + unknown
    for line in wrong:
        print("error: " + line, file=sys.stderr)
    return 1 if wrong or (missing and argv == ["--strict"]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
