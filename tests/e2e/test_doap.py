"""README.md's table of XEPs against what a running cluster advertises."""
import doap

import cluster as cluster_lib
import xmpp

INFO = "http://jabber.org/protocol/disco#info"


def features(client, to):
    query = client.iq("get", "<query xmlns='%s'/>" % INFO, to=to).find("query")
    return {f["var"] for f in query.all("feature")}


def test_every_feature_is_in_the_table_and_every_one_of_the_table_is_there():
    """X0050-list, X0359-feature, X0410-feature, X0421-feature, X0424-feature, X0425-feature, X0313-feature: with
    all that can be switched on"""
    args = ["--set", "auth.registration=on", "--set", "c2s.plain_without_tls=true"]
    with cluster_lib.Cluster(auth="accounts", args=args) as running:
        running.verona("user", "add", "ann@localhost", "--password-stdin", "--data", running.data, input="password\n")
        with xmpp.Client(running.c2s(), "ann@localhost") as ann:
            room = "doap@conference.localhost"
            ann.join(room, "Ann")
            ann.configure(room, persistentroom="1", publicroom="1")
            there = set().union(*(features(ann, to) for to in
                                  ("localhost", "conference.localhost", "ann@localhost", room)))
    there = {f for f in there if not f.startswith("muc_")}  # the pairs of XEP-0045 §6.4
    claimed = set().union(*(xep.features for xep in doap.table()))
    assert there - claimed == set(), "advertised, but not in README.md"
    assert claimed - there == set(), "in README.md, but not advertised"
