// Other systems doing the work that links.py gives Wasl: node peers.mjs SYSTEM server|client ADDRESS PORT WORK.json
// The server holds the base and B's updates, the client the base and A's; the client ends when it holds both and knows
// that the server does. A cut is followed by a new connection, as the system itself would make it.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as Automerge from "@automerge/automerge";
import WebSocket, { WebSocketServer } from "ws";
import * as Y from "yjs";

const [system, role, address, port, file] = process.argv.slice(2);
const work = JSON.parse(fs.readFileSync(file));
const own = role === "server" ? work.b : work.a;
const rows = Object.entries(work.rows);

// What a client must hold at the end, one value of each row that both sides may have changed: enough to see that
// everything came.
const expected = (values) => work.a.concat(work.b).flat().every(({ id, field, value, last }) => !last || values(id, field) === value);

const yjs = {
  make() {
    const doc = new Y.Doc();
    doc.clientID = 1;
    doc.transact(() => {
      for (const [id, row] of rows) {
        const map = new Y.Map();
        for (const [field, value] of Object.entries(row)) map.set(field, value);
        doc.getMap("rows").set(id, map);
      }
    });
    doc.clientID = role === "server" ? 2 : 3;
    for (const transaction of own) {
      doc.transact(() => {
        for (const { id, field, value } of transaction) doc.getMap("rows").get(id).set(field, value);
      });
    }
    return doc;
  },
  // State vector, then what the other lacks, both ways.
  begin: (doc, send) => send(Buffer.concat([Buffer.from([0]), Y.encodeStateVector(doc)])),
  receive(doc, message, send) {
    if (message[0] === 0) return send(Buffer.concat([Buffer.from([1]), Y.encodeStateAsUpdate(doc, message.subarray(1))]));
    if (message[0] === 2) return;
    Y.applyUpdate(doc, message.subarray(1));
    send(Buffer.from([2]));
  },
  acknowledged: (message) => message[0] === 2,
  value: (doc, id, field) => doc.getMap("rows").get(id).get(field),
};

const automerge = {
  make() {
    let doc = Automerge.from({ rows: work.rows }, { actor: "01" });
    doc = Automerge.clone(doc, { actor: role === "server" ? "02" : "03" });
    for (const transaction of own) {
      doc = Automerge.change(doc, (draft) => {
        for (const { id, field, value } of transaction) draft.rows[id][field] = value;
      });
    }
    return { doc, state: Automerge.initSyncState() };
  },
  begin(it, send) {
    it.state = Automerge.initSyncState();
    automerge.pump(it, send);
  },
  pump(it, send) {
    const [state, message] = Automerge.generateSyncMessage(it.doc, it.state);
    it.state = state;
    if (message) send(Buffer.from(message));
    it.quiet = !message;
  },
  receive(it, message, send) {
    [it.doc, it.state] = Automerge.receiveSyncMessage(it.doc, it.state, message);
    automerge.pump(it, send);
  },
  acknowledged: () => false,
  value: (it, id, field) => it.doc.rows[id][field],
};

function overWebSocket(kind) {
  const doc = kind.make();
  if (role === "server") {
    new WebSocketServer({ host: address, port: Number(port), perMessageDeflate: false }, () => console.log("ready")).on("connection", (link) => {
      const send = (bytes) => link.send(bytes);
      if (kind === automerge) doc.state = Automerge.initSyncState();
      link.on("message", (message) => {
        const answers = message[0] === 0 && kind === yjs;
        kind.receive(doc, message, send);
        if (answers) kind.begin(doc, send);
      });
      link.on("error", () => {});
    });
    return;
  }
  let acknowledged = false;
  const connect = () => {
    const link = new WebSocket(`ws://${address}:${port}`, { perMessageDeflate: false, handshakeTimeout: 15000 });
    let heard = Date.now();
    const watch = setInterval(() => Date.now() - heard > 15000 && link.terminate(), 1000);
    link.on("open", () => kind.begin(doc, (bytes) => link.send(bytes)));
    link.on("message", (message) => {
      heard = Date.now();
      acknowledged ||= kind.acknowledged(message);
      if (!kind.acknowledged(message)) kind.receive(doc, message, (bytes) => link.send(bytes));
      const whole = expected((id, field) => kind.value(doc, id, field));
      if (whole && (acknowledged || (kind === automerge && doc.quiet))) process.exit(0);
    });
    link.on("error", () => {});
    link.on("close", () => {
      clearInterval(watch);
      setTimeout(connect, 500);
    });
  };
  console.log("ready");
  process.stdin.once("data", connect);
}

async function overPouch() {
  const { default: PouchDB } = await import("pouchdb");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pouch-"));
  const write = async (db) => {
    await db.bulkDocs(rows.map(([id, row]) => ({ _id: id, ...row, _rev: "1-0123456789abcdef0123456789abcdef" })), { new_edits: false });
    for (const { id, field, value } of own.flat()) await db.put({ ...(await db.get(id)), [field]: value });
  };
  if (role === "server") {
    const { default: express } = await import("express");
    const { default: expressPouch } = await import("express-pouchdb");
    const Stored = PouchDB.defaults({ prefix: folder + "/" });
    await write(new Stored("work"));
    const app = express();
    app.use("/", expressPouch(Stored, { inMemoryConfig: true, logPath: path.join(folder, "log"), mode: "minimumForPouchDB" }));
    app.listen(Number(port), address, () => console.log("ready"));
    return;
  }
  const db = new PouchDB(path.join(folder, "here"));
  await write(db);
  console.log("ready");
  process.stdin.once("data", async () => {
    const remote = `http://${address}:${port}/work`;
    for (;;) {
      try {
        await db.sync(remote, { batch_size: 500 });
        process.exit(0);
      } catch {
        await new Promise((done) => setTimeout(done, 500));
      }
    }
  });
}

if (system === "pouchdb") await overPouch();
else overWebSocket({ yjs, automerge }[system]);
