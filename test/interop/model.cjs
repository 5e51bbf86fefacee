// What a client of other people finds in the address space by the standard's types: it knows nothing of ours. It reads structures
// by the definition that the server gives. Prints what it saw as one JSON object.
// Arguments: endpoint, certificate file, key file, directory for trust.
"use strict";
const opcua = require("node-opcua");

const [endpoint, certificateFile, privateKeyFile, rootFolder] = process.argv.slice(2);

async function main() {
  const trust = new opcua.OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: true, rootFolder });
  await trust.initialize();
  const client = opcua.OPCUAClient.create({
    applicationUri: "urn:test:hmi", certificateFile, privateKeyFile, clientCertificateManager: trust, endpointMustExist: false,
    securityMode: opcua.MessageSecurityMode.SignAndEncrypt, securityPolicy: opcua.SecurityPolicy.Basic256Sha256, connectionStrategy: { maxRetry: 1 },
  });
  await client.connect(endpoint);
  const session = await client.createSession({ type: opcua.UserTokenType.UserName, userName: "amna", password: "amna-password" });
  const names = await session.readNamespaceArray();
  const space = (uri) => names.indexOf(uri.startsWith("urn:") ? uri : "http://opcfoundation.org/UA/" + uri);
  const packml = space("PackML/"), machinery = space("Machinery/"), jobs = space("ISA95-JOBCONTROL_V2/"), results = space("Machinery/Result/"), own = space("urn:linectl:line");
  const seen = {};

  // instances of a type, from the Objects folder down
  const instances = async (type) => {
    const found = [], visited = new Set(), next = ["i=85"];
    while (next.length) {
      const ids = next.splice(0, 50);
      const answers = await session.browse(ids.map((nodeId) => ({ nodeId, referenceTypeId: "i=33", includeSubtypes: true, browseDirection: 0, resultMask: 63 })));
      for (const a of answers) for (const r of a.references || []) {
        const id = r.nodeId.toString();
        if (visited.has(id) || r.nodeId.namespace === 0) continue;
        visited.add(id);
        next.push(id);
        if (r.typeDefinition.toString() === type) found.push(r.browseName.name);
      }
    }
    return found.sort();
  };
  seen.packml = await instances(`ns=${packml};i=6`);
  seen.machines = await instances(`ns=${machinery};i=1012`);
  seen.itemStates = await instances(`ns=${machinery};i=1002`);
  seen.lifetimes = await instances(`ns=${space("DI/")};i=468`);
  seen.receivers = await instances(`ns=${jobs};i=1002`);

  const read = async (path) => {
    const target = await session.translateBrowsePath(opcua.makeBrowsePath("RootFolder", path));
    if (!target.targets || !target.targets.length) throw new Error(path + ": " + target.statusCode.name);
    const id = target.targets[0].targetId;
    const value = await session.read({ nodeId: id, attributeId: opcua.AttributeIds.Value });
    await opcua.promoteOpaqueStructure(session, [value]);
    return value.value.value;
  };
  const station = `/0:Objects/${packml}:PackMLObjects/${own}:ST060`;
  const execute = `${station}/${packml}:BaseStateMachine/${packml}:MachineState/${packml}:ExecuteState`;
  const id = await read(`${execute}/0:CurrentState/0:Id`);
  seen.state = id.toString() + " " + (await session.read({ nodeId: id, attributeId: opcua.AttributeIds.BrowseName })).value.value.name;
  seen.available = (await read(`${execute}/0:AvailableStates`)).length + " states, " + (await read(`${execute}/0:AvailableTransitions`)).length + " transitions";
  const supertype = await session.browse({ nodeId: `ns=${packml};i=1`, referenceTypeId: "i=45", browseDirection: 1, resultMask: 63 });
  seen.machineType = supertype.references[0].nodeId.toString();
  seen.modes = await read(`${station}/${packml}:Status/${packml}:UnitSupportedModes`).then((m) => session.read({ nodeId: m.toString(), attributeId: opcua.AttributeIds.DataTypeDefinition })).then((d) => d.value.value.fields.map((f) => f.name).slice(0, 4));

  const stop = await read(`${station}/${packml}:Admin/${packml}:StopReason`);
  seen.stopReason = [stop.message, stop.value, stop.trigger];
  const counted = (await read(`${station}/${packml}:Admin/${packml}:ProdProcessedCount`))[0];
  seen.processed = [counted.count, counted.unit.displayName.text];
  const order = (await read(`/0:Objects/${own}:Line/${own}:JobOrders/${jobs}:JobOrderList`))[0];
  seen.order = [order.jobOrder.jobOrderID, order.jobOrder.workMasterID[0].ID, order.jobOrder.jobOrderParameters[0].ID, order.jobOrder.jobOrderParameters[0].value.value, order.state[0].stateText.text, order.state[0].stateNumber];
  const response = (await read(`/0:Objects/${own}:Line/${own}:JobResponses/${jobs}:JobOrderResponseList`))[0];
  seen.response = response.jobResponseData.map((d) => d.ID + " " + d.value.value);
  const result = await read(`/0:Objects/${own}:Line/${own}:ST060/${own}:ResultManagement/${results}:Results/${own}:LastResult`);
  const meta = result.resultMetaData;
  seen.result = [meta.resultId, meta.partId, meta.stepId, meta.isSimulated, meta.resultEvaluation, meta.resultEvaluationDetails.text, meta.isPartial === undefined];

  await session.close();
  await client.disconnect();
  console.log("SEEN " + JSON.stringify(seen));
}

main().then(() => process.exit(0), (err) => { console.error(err); process.exit(1); });
