// An HMI that only watches, for as long as it lives: values by a subscription and alarms by ConditionRefresh, again after every
// interruption, by node-opcua's own means. It prints what it is shown, a JSON object a line.
"use strict";
const { opcua, setting, client, login } = require("./session.cjs");

const say = (o) => console.log(JSON.stringify(o));
const plain = (v) => (v === null || v === undefined ? "" : v.text !== undefined ? v.text ?? "" : String(v));

async function watch(line) {
  const subscription = await line.session.createSubscription2({ requestedPublishingInterval: 100, requestedMaxKeepAliveCount: 10, requestedLifetimeCount: 600, publishingEnabled: true });
  const group = await subscription.monitorItems(setting.names.map((n) => ({ nodeId: line.node(n), attributeId: opcua.AttributeIds.Value })),
    { samplingInterval: 100, queueSize: 20, discardOldest: true }, opcua.TimestampsToReturn.Both);
  group.on("changed", (item, v) => {
    const name = item.itemToMonitor.nodeId.value;
    say({ kind: "value", name, value: plain(v.value.value), good: v.statusCode.isGood(), source: v.sourceTimestamp ? v.sourceTimestamp.getTime() : 0 });
  });
  const filter = opcua.constructEventFilter(["ConditionName", "ActiveState.Id", "AckedState.Id", "Retain", "EventType", "BranchId"], []);
  const events = await subscription.monitor({ nodeId: "i=2253", attributeId: opcua.AttributeIds.EventNotifier }, { queueSize: 1000, filter }, opcua.TimestampsToReturn.Both);
  events.on("changed", (f) => {
    const [name, active, acked, retain, type, branch] = f.map((v) => v.value);
    if (String(type) === "ns=0;i=2788") say({ kind: "refreshed" });
    else if (name) say({ kind: "alarm", name, active, acked, retain, branch: Boolean(branch && !branch.isEmpty()) });
  });
  await line.session.call({ objectId: "i=2782", methodId: "i=3875", inputArguments: [{ dataType: opcua.DataType.UInt32, value: subscription.subscriptionId }] });
  return subscription;
}

(async () => {
  const c = await client({ retry: -1 });
  c.on("start_reconnection", () => say({ kind: "out" }));
  await c.connect(setting.endpoint);
  const line = await login(c);
  say({ kind: "in" });
  const subscription = await watch(line);
  line.session.on("session_restored", async () => { // node-opcua has made its subscriptions anew; whoever shows alarms asks for them again
    say({ kind: "in" });
    for (let tries = 0; tries < 100; tries++) {
      const r = await line.session.call({ objectId: "i=2782", methodId: "i=3875", inputArguments: [{ dataType: opcua.DataType.UInt32, value: subscription.subscriptionId }] }).catch(() => null);
      if (r && r.statusCode.isGood()) return;
      await new Promise((f) => setTimeout(f, 100));
    }
  });
})().catch((err) => { console.error(err); process.exit(1); });
