"""Client libraries that others wrote log in with SCRAM over STARTTLS or WebSocket, join across gateways and talk."""
import contextlib
import os
import subprocess
import sys

import pytest

import cluster as cluster_lib

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="module")
def accounts():
    with cluster_lib.Cluster(gateways=2, shards=2, auth="accounts") as running:
        for name in ("slix-a", "slix-b", "strophe"):
            running.verona("user", "add", name + "@localhost", "--password-stdin", "--data",
                           running.data, input="pencil\n")
        yield running


def test_slixmpp_across_gateways(accounts):
    done = subprocess.run([sys.executable, os.path.join(HERE, "clients", "slixmpp_talk.py"),
                           str(accounts.c2s(1)), str(accounts.c2s(2))],
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr


def test_slixmpp_resumes(accounts):
    """X0198-resume: a client library of others loses its connection, resumes, and has heard and said everything."""
    done = subprocess.run([sys.executable, os.path.join(HERE, "clients", "slixmpp_resume.py"),
                           str(accounts.c2s(1)), str(accounts.c2s(2))],
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "resumed" in done.stdout


@contextlib.contextmanager
def slixmpp_answers(accounts):
    """In mixed@conference.localhost, at the first gateway."""
    slix = subprocess.Popen([sys.executable, os.path.join(HERE, "clients", "slixmpp_talk.py"),
                             "--answer", str(accounts.c2s(1))],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert "ready" in (line.strip() for line in slix.stdout)  # its libraries may say something first
        yield
    finally:
        slix.kill()
        slix.wait()


def test_libstrophe_talks_with_slixmpp(accounts, tmp_path):
    program = tmp_path / "strophe_talk"
    subprocess.run(["cc", "-o", str(program), os.path.join(HERE, "clients", "strophe_talk.c"),
                    "-lstrophe"], check=True)
    with slixmpp_answers(accounts):
        done = subprocess.run([str(program), str(accounts.c2s(2)), "strophe@localhost", "pencil",
                               "mixed@conference.localhost"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "answered" in done.stdout


def test_strophe_js_talks_with_slixmpp(accounts):
    """X7395-websocket, W81: a library for browsers logs in with SCRAM over WebSocket; the other is on TCP, at another
    gateway."""
    with slixmpp_answers(accounts):
        done = subprocess.run(["node", os.path.join(HERE, "clients", "strophe_websocket.js"), str(accounts.ws(2)),
                               "strophe@localhost", "pencil", "mixed@conference.localhost"],
                              env=dict(os.environ, NODE_PATH="/usr/share/nodejs"),  # where Debian has them
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "answered" in done.stdout
