// What a person does about alarms: sees them by ConditionRefresh, acknowledges, confirms, comments, shelves and takes it back.
"use strict";
const { opcua, run, pause, setting, client, login } = require("./session.cjs");
const { DataType } = opcua;

const fields = ["EventId", "ConditionName", "ActiveState.Id", "AckedState.Id", "ConfirmedState.Id", "Retain", "ShelvingState.CurrentState", "Comment", "EventType"];

run(async (line, seen) => {
  const subscription = await line.session.createSubscription2({ requestedPublishingInterval: 50, requestedMaxKeepAliveCount: 20, requestedLifetimeCount: 100, publishingEnabled: true });
  const filter = opcua.constructEventFilter(fields, []);
  filter.selectClauses.push(new opcua.SimpleAttributeOperand({ typeDefinitionId: "i=2782", browsePath: [], attributeId: opcua.AttributeIds.NodeId }));
  const item = await subscription.monitor({ nodeId: "i=2253", attributeId: opcua.AttributeIds.EventNotifier }, { queueSize: 1000, filter }, opcua.TimestampsToReturn.Both);
  const held = []; // what came of the alarm, the newest last
  let refreshes = 0;
  item.on("changed", (f) => {
    const [id, name, active, acked, confirmed, retain, shelving, comment, type, condition] = f.map((v) => v.value);
    if (String(type) === "ns=0;i=2788") refreshes++; // RefreshEndEventType
    if (name === "ST130/held") held.push({ id, active, acked, confirmed, retain, shelving: shelving && shelving.text, comment: comment && comment.text, condition });
  });
  const last = async (is, what) => {
    for (const end = Date.now() + 20000; Date.now() < end; await pause(30)) {
      if (held.length > 0 && is(held[held.length - 1])) return held[held.length - 1];
    }
    throw new Error(`${what}: ${JSON.stringify(held[held.length - 1])}`);
  };
  const about = async (method, event, text) => {
    const r = await line.session.call({ objectId: event.condition, methodId: `i=${method}`, inputArguments: [
      { dataType: DataType.ByteString, value: event.id }, { dataType: DataType.LocalizedText, value: { text } }] });
    return r.statusCode.name;
  };
  const shelving = async (method, event, inputArguments) => {
    const state = { namespaceIndex: line.index, text: `Alarm.ST130/held.ShelvingState` };
    const r = await line.session.call({ objectId: `ns=${state.namespaceIndex};s=${state.text}`, methodId: `i=${method}`, inputArguments });
    return r.statusCode.name;
  };

  await line.until("ST130.State", (v) => v === "Execute" || v === "Suspended", 60);
  const hold = await line.call("ST130", "Hold");
  if (!hold.accepted) throw new Error(`Hold: ${hold.text}`);
  let event = await last((e) => e.active && !e.acked, "the alarm comes");
  seen.came = [event.active, event.acked, event.retain];

  held.length = 0;
  const refresh = await line.session.call({ objectId: "i=2782", methodId: "i=3875", inputArguments: [{ dataType: DataType.UInt32, value: subscription.subscriptionId }] });
  event = await last((e) => e.active, "a refresh tells of it");
  seen.refresh = [refresh.statusCode.name, event.acked];

  seen.shelve = await shelving(2949, event, [{ dataType: DataType.Double, value: 3600000 }]); // TimedShelve
  event = await last((e) => e.shelving === "Timed Shelved", "it is shelved");
  seen.unshelve = await shelving(2947, event, []);
  event = await last((e) => e.shelving === "Unshelved", "it is back");

  seen.comment = await about(9029, event, "guard was open"); // AddComment
  event = await last((e) => e.comment === "guard was open", "the comment is told");
  seen.acknowledge = await about(9111, event, "seen by node-opcua");
  event = await last((e) => e.acked, "it is acknowledged");
  seen.again = await about(9111, event, "twice");
  seen.unknown = await about(9111, { ...event, id: Buffer.from("no such event") }, "never");

  // A colleague who comes later is told the same by ConditionRefresh.
  const c = await client();
  await c.connect(setting.endpoint);
  const colleague = await login(c, { user: "leader", password: setting.passwords.leader });
  const second = await colleague.session.createSubscription2({ requestedPublishingInterval: 50, requestedMaxKeepAliveCount: 20, requestedLifetimeCount: 100, publishingEnabled: true });
  const others = await second.monitor({ nodeId: "i=2253", attributeId: opcua.AttributeIds.EventNotifier }, { queueSize: 1000, filter }, opcua.TimestampsToReturn.Both);
  const told = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("the colleague is told nothing")), 10000);
    others.on("changed", (f) => { if (f[1].value === "ST130/held") resolve(f); });
  });
  await pause(300);
  await colleague.session.call({ objectId: "i=2782", methodId: "i=12912", inputArguments: [ // ConditionRefresh2
    { dataType: DataType.UInt32, value: second.subscriptionId }, { dataType: DataType.UInt32, value: others.monitoredItemId }] });
  const f = await told;
  seen.colleague = [f[2].value, f[3].value];
  await colleague.session.close();
  await c.disconnect();

  const unhold = await line.call("ST130", "Unhold");
  if (!unhold.accepted) throw new Error(`Unhold: ${unhold.text}`);
  event = await last((e) => !e.active, "it is over");
  seen.over = [event.acked, event.confirmed];
  seen.refreshes = refreshes;
});
