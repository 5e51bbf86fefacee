// node-opcua's server with the variables of a line, for linectl bench opcua: what it does beside the gateway, under the same load.
// Arguments: port, file with the variables, directory for its certificates. It says READY when it listens, and STEP with the
// time in ms since 1970 at each change of its values.
"use strict";
const fs = require("fs");
const path = require("path");
const opcua = require("node-opcua");

const [port, file, rootFolder] = process.argv.slice(2);
const { space, users, password, variables } = JSON.parse(fs.readFileSync(file, "utf8"));

const { DataType, VariantArrayType, StatusCodes } = opcua;
const rest = {
  [DataType.Boolean]: false, [DataType.String]: "", [DataType.DateTime]: new Date(0), [DataType.NodeId]: opcua.NodeId.nullNodeId, [DataType.LocalizedText]: { text: "" },
  [DataType.ExtensionObject]: null, [DataType.ByteString]: null,
};

// moved is the n-th value of a variable that changes.
function moved(type, n) {
  switch (type) {
    case DataType.String: return `laser weld ${n}`;
    case DataType.LocalizedText: return { locale: "en", text: `laser weld ${n} of EV-P1-000001` };
    case DataType.Boolean: return n % 2 === 0;
    default: return n;
  }
}

async function main() {
  const trust = new opcua.OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: true, rootFolder: path.join(rootFolder, "pki") });
  await trust.initialize();
  const server = new opcua.OPCUAServer({
    port: Number(port), maxConnectionsPerEndpoint: 200, serverCertificateManager: trust, userCertificateManager: trust,
    securityPolicies: [opcua.SecurityPolicy.Basic256Sha256], securityModes: [opcua.MessageSecurityMode.SignAndEncrypt],
    allowAnonymous: false, userManager: { isValidUser: (name, word) => users.includes(name) && word === password },
    serverInfo: { applicationUri: "urn:test:node-opcua" },
    serverCapabilities: { maxSessions: 200, maxMonitoredItems: 100000, maxSubscriptions: 1000 },
  });
  await server.initialize();
  const ns = server.engine.addressSpace.registerNamespace(space);
  const line = ns.addObject({ organizedBy: server.engine.addressSpace.rootFolder.objects, browseName: "Line", nodeId: "s=Line" });
  const moving = [];
  for (const v of variables) {
    const node = ns.addVariable({
      componentOf: line, browseName: v.name, nodeId: `s=${v.name}`, dataType: v.type || DataType.Double, valueRank: v.array ? 1 : -1, minimumSamplingInterval: 0,
    });
    if (v.array) node.setValueFromSource({ dataType: v.type, arrayType: VariantArrayType.Array, value: [] });
    else node.setValueFromSource({ dataType: v.type || DataType.Double, value: v.moves ? moved(v.type, 0) : v.type in rest ? rest[v.type] : 0 });
    if (v.moves) moving.push({ node, type: v.type });
  }
  const text = (name) => ({ name, dataType: DataType.String, description: { text: name } });
  const method = ns.addMethod(line, {
    browseName: "Reset", nodeId: "s=Line.Reset", inputArguments: [text("RequestId"), text("Why")],
    outputArguments: [{ name: "Accepted", dataType: DataType.Boolean }, { name: "Text", dataType: DataType.LocalizedText }],
  });
  method.bindMethod((_inputs, _context, done) => done(null, {
    statusCode: StatusCodes.Good,
    outputArguments: [{ dataType: DataType.Boolean, value: true }, { dataType: DataType.LocalizedText, value: { text: "done" } }],
  }));
  await server.start();

  // Ten changes a second. One that the server is too busy for is left out; each that is made is said, with its source time, so that
  // what was not delivered and what was not published are told apart.
  const began = Date.now();
  let last = -1;
  setInterval(() => {
    const n = Math.floor((Date.now() - began) / 100);
    if (n <= last) return;
    last = n;
    const at = new Date();
    for (const { node, type } of moving) node.setValueFromSource({ dataType: type, value: moved(type, n) }, StatusCodes.Good, at);
    console.log(`STEP ${at.getTime()}`);
  }, 10);
  console.log("READY");
}

main().catch((err) => { console.error(err); process.exit(1); });
