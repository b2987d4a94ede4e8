// A browser's library over WebSocket: Strophe.js logs in with SCRAM, enters a room and waits for an answer to what it
// says there. Node lends it what a browser has.   strophe_websocket.js PORT JID PASSWORD ROOM
// X7395-websocket, W81
"use strict";
const [port, jid, password, room] = process.argv.slice(2);
const { DOMParser, DOMImplementation } = require("@xmldom/xmldom");
const page = new DOMImplementation().createDocument(null, null, null);
page.implementation = new DOMImplementation();
Object.assign(globalThis, { window: globalThis, document: page, DOMParser, WebSocket: require("ws") });
const library = "/usr/share/javascript/strophe/strophe.js";
require("vm").runInThisContext(require("fs").readFileSync(library, "utf8"), library);
const { Strophe, $pres, $msg } = globalThis;

function fail(why) {
    console.error(why);
    process.exit(1);
}
setTimeout(() => fail("nothing came in time"), 30000).unref();

const connection = new Strophe.Connection(`ws://127.0.0.1:${port}/xmpp-websocket`);
let answered = false;

function heard(stanza) {
    const body = stanza.getElementsByTagName("body")[0];
    if (stanza.getAttribute("type") === "groupchat" && body && body.textContent === "pong") {
        answered = true;
        connection.disconnect();
    }
    return true;
}

function entered(stanza) {
    if (stanza.getAttribute("from") !== `${room}/Strophe.js`)
        return true;
    if (stanza.getAttribute("type") === "error")
        fail(stanza.toString());
    connection.send($msg({ to: room, type: "groupchat" }).c("body").t("ping"));
    return false;
}

connection.connect(jid, password, (status, condition) => {
    if (status === Strophe.Status.CONNECTED) {
        connection.addHandler(heard, null, "message");
        connection.addHandler(entered, null, "presence");
        connection.send($pres({ to: `${room}/Strophe.js` }).c("x", { xmlns: "http://jabber.org/protocol/muc" }));
    } else if (status === Strophe.Status.DISCONNECTED) {
        if (!answered)
            fail("disconnected");
        console.log("answered");
        process.exit(0);
    } else if (status === Strophe.Status.AUTHFAIL || status === Strophe.Status.CONNFAIL) {
        fail(`${status}: ${condition}`);
    }
});
