// An operator's session with node-opcua: browse, read, watch, call, see to an alarm. Prints what it saw as one JSON object.
// Arguments: endpoint, certificate file, key file, directory for trust, policy.
"use strict";
const opcua = require("node-opcua");

const [endpoint, certificateFile, privateKeyFile, rootFolder, policy] = process.argv.slice(2);
const space = "urn:linectl:line";

async function main() {
  const trust = new opcua.OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: true, rootFolder });
  await trust.initialize();
  const client = opcua.OPCUAClient.create({
    applicationUri: "urn:test:hmi", certificateFile, privateKeyFile, clientCertificateManager: trust, endpointMustExist: false,
    securityMode: opcua.MessageSecurityMode.SignAndEncrypt, securityPolicy: opcua.SecurityPolicy[policy],
    connectionStrategy: { maxRetry: 1 },
  });
  await client.connect(endpoint);
  const seen = {};
  try {
    await client.createSession({ type: opcua.UserTokenType.UserName, userName: "amna", password: "wrong" });
    seen.wrongPassword = "let in";
  } catch (err) {
    seen.wrongPassword = /BadUserAccessDenied/.test(err.message) ? "refused" : err.message;
  }
  const session = await client.createSession({ type: opcua.UserTokenType.UserName, userName: "amna", password: "amna-password" });
  const names = await session.readNamespaceArray();
  const index = names.indexOf(space);
  const node = (name) => `ns=${index};s=${name}`;
  const value = async (name) => session.read({ nodeId: node(name), attributeId: opcua.AttributeIds.Value });

  const line = await session.browse(node("Line"));
  seen.browsed = [...new Set(line.references.map((r) => r.browseName.name).filter((n) => n === "ST060" || n === "ReasonText"))];
  const packml = names.indexOf("http://opcfoundation.org/UA/PackML/");
  const state = `/0:Objects/${packml}:PackMLObjects/${index}:ST060/${packml}:BaseStateMachine/${packml}:MachineState/${packml}:ExecuteState/0:CurrentState`;
  const found = await session.translateBrowsePath(opcua.makeBrowsePath("RootFolder", state));
  seen.packml = found.targets && found.targets.length ? (await session.read({ nodeId: found.targets[0].targetId, attributeId: 13 })).value.value.text : found.statusCode.name;
  seen.state = (await value("ST060.StateCurrent")).value.value;
  seen.reason = (await value("ST060.ReasonText")).value.value.text;
  seen.unit = (await value("ST060.ToolLife.EngineeringUnits")).value.value.displayName.text;

  const call = async (object, method, args) =>
    session.call({ objectId: node(object), methodId: node(method), inputArguments: args.map((a) => ({ dataType: opcua.DataType.String, value: a })) });
  const reset = await call("Line", "Line.Reset", ["r1", "shift start"]);
  seen.reset = [reset.statusCode.name, reset.outputArguments[0].value, reset.outputArguments[1].value.text];
  const described = await session.getArgumentDefinition(node("Line.Reset"));
  seen.arguments = described.inputArguments.map((a) => a.name);

  const subscription = await session.createSubscription2({ requestedPublishingInterval: 50, requestedMaxKeepAliveCount: 20, requestedLifetimeCount: 100, publishingEnabled: true });
  const first = await new Promise(async (resolve, reject) => {
    setTimeout(() => reject(new Error("no change came")), 5000);
    const item = await subscription.monitor({ nodeId: node("Line.Good"), attributeId: 13 }, { samplingInterval: 50, queueSize: 1 }, opcua.TimestampsToReturn.Both);
    item.on("changed", resolve);
  });
  seen.watched = first.value.value;

  const filter = opcua.constructEventFilter(["EventId", "ConditionName", "AckedState.Id", "Retain"], []);
  filter.selectClauses.push(new opcua.SimpleAttributeOperand({ typeDefinitionId: "i=2782", browsePath: [], attributeId: opcua.AttributeIds.NodeId }));
  const alarm = await new Promise(async (resolve, reject) => {
    setTimeout(() => reject(new Error("no alarm came")), 5000);
    const item = await subscription.monitor({ nodeId: "i=2253", attributeId: opcua.AttributeIds.EventNotifier }, { queueSize: 100, filter }, opcua.TimestampsToReturn.Both);
    item.on("changed", (fields) => { if (fields[1].value === "ST060/held") resolve(fields); });
    await new Promise((r) => setTimeout(r, 300));
    await session.call({ objectId: "i=2782", methodId: "i=3875", inputArguments: [{ dataType: opcua.DataType.UInt32, value: subscription.subscriptionId }] });
  });
  seen.alarm = [alarm[1].value, alarm[2].value, alarm[3].value];
  const acknowledged = await session.call({
    objectId: alarm[4].value, methodId: "i=9111",
    inputArguments: [{ dataType: opcua.DataType.ByteString, value: alarm[0].value }, { dataType: opcua.DataType.LocalizedText, value: { text: "seen" } }],
  });
  seen.acknowledged = acknowledged.statusCode.name;
  await session.close();
  await client.disconnect();
  console.log("SEEN " + JSON.stringify(seen));
}

main().then(() => process.exit(0), (err) => { console.error(err); process.exit(1); });
