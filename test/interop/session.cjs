// What all scripts share: a session with the gateway as the setting on standard input says, and the words of a line.
"use strict";
const fs = require("fs");
const opcua = require("node-opcua");

const space = "urn:linectl:line";
const setting = JSON.parse(fs.readFileSync(0, "utf8"));

// client makes a client that trusts whatever server answers; change says what it does otherwise than the setting.
async function client(change = {}) {
  const s = { ...setting, ...change };
  const trust = new opcua.OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: true, rootFolder: s.trust });
  await trust.initialize();
  return opcua.OPCUAClient.create({
    applicationUri: s.uri, certificateFile: s.certificate, privateKeyFile: s.key, clientCertificateManager: trust, endpointMustExist: false,
    securityMode: opcua.MessageSecurityMode[s.mode], securityPolicy: opcua.SecurityPolicy[s.policy],
    connectionStrategy: { maxRetry: s.retry ?? 1, initialDelay: 200, maxDelay: 1000 }, requestedSessionTimeout: 60000,
  });
}

// line is a session in the words of the line.
class Line {
  constructor(session, names) {
    this.session = session;
    this.names = names;
    this.index = names.indexOf(space);
  }

  node(name) { return `ns=${this.index};s=${name}`; }

  async value(name) { return this.session.read({ nodeId: this.node(name), attributeId: opcua.AttributeIds.Value }); }

  // good is a value that is Good; a text is its words.
  async good(name) {
    const v = await this.value(name);
    if (!v.statusCode.isGood()) throw new Error(`${name} is ${v.statusCode.name}`);
    return v.value.value !== null && v.value.value.text !== undefined ? v.value.value.text : v.value.value;
  }

  // call calls a method of ours, of which the last two inputs are the request's id and the reason.
  async call(object, method, ...inputs) {
    const r = await this.session.call({
      objectId: this.node(object), methodId: this.node(`${object}.${method}`),
      inputArguments: [...inputs.map((a) => (typeof a === "string" ? { dataType: opcua.DataType.String, value: a } : a)),
        { dataType: opcua.DataType.String, value: "" }, { dataType: opcua.DataType.String, value: "node-opcua" }],
    });
    const [accepted, text] = r.outputArguments || [];
    return { status: r.statusCode.name, accepted: accepted && accepted.value, text: text && text.value.text };
  }

  // find follows browse names from the Objects folder; a name is "Space:Name" with a short word for the space.
  async find(path) {
    const spaces = { packml: "http://opcfoundation.org/UA/PackML/", machinery: "http://opcfoundation.org/UA/Machinery/", di: "http://opcfoundation.org/UA/DI/", line: space };
    const names = path.split("/").map((part) => {
      const [word, name] = part.includes(":") ? part.split(":") : ["", part];
      return `${word ? this.names.indexOf(spaces[word]) : 0}:${name}`;
    });
    const r = await this.session.translateBrowsePath(opcua.makeBrowsePath("RootFolder", "/0:Objects/" + names.join("/")));
    if (!r.targets || r.targets.length === 0) throw new Error(`${path}: ${r.statusCode.name}`);
    return r.targets[0].targetId;
  }

  // until waits for a value to become what it should.
  async until(name, is, seconds = 20) {
    for (const end = Date.now() + 1000 * seconds; ;) {
      const v = await this.good(name);
      if (is(v)) return v;
      if (Date.now() > end) throw new Error(`${name} stays ${v}`);
      await pause(50);
    }
  }
}

const pause = (ms) => new Promise((r) => setTimeout(r, ms));

// login opens a session; the caller closes the client.
async function login(c, change = {}) {
  const s = { ...setting, ...change };
  const session = await c.createSession({ type: opcua.UserTokenType.UserName, userName: s.user, password: s.password });
  return new Line(session, await session.readNamespaceArray());
}

// why says in a word why something failed.
function why(err) {
  const known = /Bad[A-Za-z]+/.exec(err.message);
  return known ? known[0] : err.message;
}

// run runs a script with a session and prints what it has seen.
function run(script) {
  (async () => {
    const c = await client();
    await c.connect(setting.endpoint);
    const line = await login(c);
    const seen = {};
    await script(line, seen, c);
    await line.session.close();
    await c.disconnect();
    console.log("SEEN " + JSON.stringify(seen));
  })().then(() => process.exit(0), (err) => { console.error(err); process.exit(1); });
}

module.exports = { opcua, setting, client, login, run, pause, why };
