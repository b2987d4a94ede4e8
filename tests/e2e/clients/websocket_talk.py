"""A login and an answer over WebSocket, framed by python3-websocket.   websocket_talk.py PORT
X7395-websocket, W81: RFC 6455 and RFC 7395 as a library of others sees them."""
import sys
import xml.etree.ElementTree as tree

import websocket

FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
OPEN = "<open xmlns='%s' to='localhost' version='1.0'/>" % FRAMING
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


def main(port):
    ws = websocket.create_connection("ws://127.0.0.1:%d/xmpp-websocket" % port, subprotocols=["xmpp"], timeout=15,
                                     suppress_origin=True)
    assert ws.getsubprotocol() == "xmpp"

    def ask(xml, *names):
        ws.send(xml)
        for name in names:
            got = tree.fromstring(ws.recv())
            assert got.tag == name, got.tag
        return got
    features = "{http://etherx.jabber.org/streams}features"
    ask(OPEN, "{%s}open" % FRAMING, features)
    ask("<auth xmlns='%s' mechanism='PLAIN'>AHdzAHNlY3JldA==</auth>" % SASL, "{%s}success" % SASL)
    ask(OPEN, "{%s}open" % FRAMING, features)
    bound = ask("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
                "{jabber:client}iq")
    assert bound.get("type") == "result"
    ws.ping("still there?")
    opcode, frame = ws.recv_data_frame(control_frame=True)
    assert (opcode, frame.data) == (websocket.ABNF.OPCODE_PONG, b"still there?")
    answer = ask("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", "{jabber:client}iq")
    assert (answer.get("id"), answer.get("type")) == ("p", "result")
    ask("<close xmlns='%s'/>" % FRAMING, "{%s}close" % FRAMING)
    opcode, frame = ws.recv_data_frame(control_frame=True)
    assert opcode == websocket.ABNF.OPCODE_CLOSE and frame.data[:2] == b"\x03\xe8", (opcode, frame.data)
    ws.close()
    print("talked")


if __name__ == "__main__":
    main(int(sys.argv[1]))
