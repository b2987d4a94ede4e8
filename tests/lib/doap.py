"""The XEPs that README.md claims, and verona.doap made from them.   doap.py [--write]

README.md's table stands between <!-- xeps --> and <!-- /xeps -->: XEP, version, support, features that disco
shows for it, and a note. verona.doap says the same to machines (https://xmpp.org/software/)."""
import os
import re
import sys
from xml.dom import minidom
from xml.sax.saxutils import escape

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RFCS = ("6120", "6121", "6122")
SUPPORT = ("complete", "partial")

HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<rdf:RDF xmlns='http://usefulinc.com/ns/doap#'
         xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'
         xmlns:xmpp='https://linkmauve.fr/ns/xmpp-doap#'>
  <Project>
    <name>Verona</name>
    <shortdesc xml:lang='en'>Group chat for XMPP as a sharded cluster</shortdesc>
    <description xml:lang='en'>Multi-user chat (XEP-0045) whose rooms are spread over shards and survive the death of a process.</description>
    <license rdf:resource='https://spdx.org/licenses/MIT'/>
    <programming-language>C</programming-language>
    <os>Linux</os>
    <category rdf:resource='https://linkmauve.fr/ns/xmpp-doap#category-server'/>
"""
TAIL = """  </Project>
</rdf:RDF>
"""


class Xep:
    """One row of the table."""

    def __init__(self, line):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 5:
            raise ValueError("not five columns: " + line)
        found = re.fullmatch(r"\[(\d{4})\]\(https://xmpp\.org/extensions/xep-\1\.html\) (\S.*)", cells[0])
        if not found:
            raise ValueError("not a link to an XEP: " + cells[0])
        self.number, self.title = found[1], found[2]
        self.version, self.support, self.note = cells[1], cells[2], cells[4]
        self.features = set(re.findall(r"`([^`]+)`", cells[3]))
        if self.support not in SUPPORT or not re.fullmatch(r"\d+(\.\d+)+", self.version):
            raise ValueError("support or version: " + line)
        if self.support == "partial" and not self.note:
            raise ValueError("partial, but without a note: " + line)


def table():
    """All rows, in order."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    rows = text.split("<!-- xeps -->")[1].split("<!-- /xeps -->")[0].strip().splitlines()[2:]
    xeps = [Xep(row) for row in rows]
    numbers = [xep.number for xep in xeps]
    if numbers != sorted(set(numbers)):
        raise ValueError("not in order, or twice: %s" % numbers)
    return xeps


def doap():
    out = [HEAD]
    for rfc in RFCS:
        out.append("    <implements rdf:resource='https://www.rfc-editor.org/info/rfc%s'/>\n" % rfc)
    for xep in table():
        note = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", xep.note)
        out.append("    <implements>\n      <xmpp:SupportedXep>\n"
                   "        <xmpp:xep rdf:resource='https://xmpp.org/extensions/xep-%s.html'/>\n"
                   "        <xmpp:status>%s</xmpp:status>\n"
                   "        <xmpp:version>%s</xmpp:version>\n%s"
                   "      </xmpp:SupportedXep>\n    </implements>\n" % (
                       xep.number, xep.support, xep.version,
                       "        <xmpp:note xml:lang='en'>%s</xmpp:note>\n" % escape(note) if note else ""))
    return "".join(out) + TAIL


def main():
    path = os.path.join(ROOT, "verona.doap")
    try:
        wanted = doap()
    except (ValueError, IndexError) as error:
        sys.exit("doap: README.md: %s" % error)
    minidom.parseString(wanted)
    if sys.argv[1:] == ["--write"]:
        with open(path, "w", encoding="utf-8") as file:
            file.write(wanted)
    elif not os.path.exists(path) or open(path, encoding="utf-8").read() != wanted:
        sys.exit("doap: verona.doap does not say what README.md says: run tests/check_doap.sh --write")
    print("doap: fine")


if __name__ == "__main__":
    main()
