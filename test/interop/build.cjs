// An operator builds a pack over OPC UA alone: orders it, starts the line, brings what each station asks for, and takes the line out of
// work. A subscription watches meanwhile.
"use strict";
const { opcua, run, pause, client, login, setting } = require("./session.cjs");
const { DataType } = opcua;

const stations = ["ST010", "ST020", "ST040", "ST060", "ST070", "ST100", "ST120", "ST130", "ST140", "ST900"];

run(async (line, seen) => {
  const states = Object.fromEntries(stations.map((s) => [s, []]));
  let notGood = 0;
  const subscription = await line.session.createSubscription2({ requestedPublishingInterval: 100, requestedMaxKeepAliveCount: 20, requestedLifetimeCount: 100, publishingEnabled: true });
  for (const s of stations) {
    const item = await subscription.monitor({ nodeId: line.node(`${s}.State`), attributeId: opcua.AttributeIds.Value }, { samplingInterval: 100, queueSize: 100 }, opcua.TimestampsToReturn.Both);
    item.on("changed", (v) => { if (v.statusCode.isGood()) states[s].push(v.value.value.text); else notGood++; });
  }
  const must = async (object, method, ...inputs) => {
    const answer = await line.call(object, method, ...inputs);
    if (!answer.accepted) throw new Error(`${object}.${method}: ${answer.status}, ${answer.text}`);
  };
  const all = async (is, what) => {
    for (const end = Date.now() + 30000; ; await pause(100)) {
      const now = await Promise.all(stations.map((s) => line.good(`${s}.State`)));
      if (now.every(is)) return;
      if (Date.now() > end) throw new Error(`${what}: ${now}`);
    }
  };

  const c = await client();
  await c.connect(setting.endpoint);
  const leader = await login(c, { user: "leader", password: setting.passwords.leader });
  const mine = await line.call("Line", "AddOrder", "4711", "DRN-P3", { dataType: DataType.UInt32, value: 1 });
  seen.operatorOrders = mine.status;
  const order = await leader.call("Line", "AddOrder", "4711", "DRN-P3", { dataType: DataType.UInt32, value: 1 });
  seen.leaderOrders = [order.status, order.accepted];
  await leader.session.close();
  await c.disconnect();

  const early = await line.call("ST060", "Start");
  seen.startWhileStopped = [early.status, early.accepted, /Reset/.test(early.text)];
  await must("Line", "Reset");
  await all((s) => s === "Idle", "Reset leads to Idle");
  await must("Line", "Start");
  await all((s) => s === "Execute" || s === "Suspended" || s === "Suspending", "Start leads to Execute");

  const asked = {}; // when somebody was asked last
  let serial = 0;
  const ask = async (key, object, method, ...inputs) => {
    if (Date.now() < (asked[key] || 0) + 1000) return;
    asked[key] = Date.now();
    await line.call(object, method, ...inputs); // a refusal stands in the reason that is read next
  };
  const load = (s, item, lot, quantity) => ask(`${s} ${item}`, s, "LoadMaterial", item, lot, { dataType: DataType.Double, value: quantity },
    { dataType: DataType.DateTime, value: new Date(Date.now() + 1e10) });
  const tend = async (s) => {
    const [state, reason, next, tool] = await Promise.all(["State", "ReasonText", "NextAction", "ToolAction"].map((f) => line.good(`${s}.${f}`)));
    for (const m of reason.matchAll(/needs (\S+): scan a lot in/g)) await load(s, m[1], `LOT-${m[1]}`, 5000);
    for (const m of reason.matchAll(/needs (\S+): scan its serial/g)) await load(s, m[1], `SERIAL-${++serial}`, 1);
    if (/waits for your decision/.test(reason)) await ask(`${s} decide`, "Line", "DecideRework", reason.split(" ")[0], { dataType: DataType.Boolean, value: false });
    if (state === "Held") {
      if (/tool/.test(reason + next)) await ask(`${s} tool`, s, "ServiceTool", tool);
      await ask(`${s} Unhold`, s, "Unhold");
    }
    return `${s} ${state}: ${reason}`;
  };
  for (const end = Date.now() + 80000; ; await pause(200)) {
    const words = [];
    for (const s of stations) words.push(await tend(s));
    if ((await line.good("Line.Good")) + (await line.good("Line.NOK")) > 0) break;
    if (Date.now() > end) throw new Error(`the pack is not built:\n${words.join("\n")}`);
  }
  seen.product = (await line.good("JobOrders.JobOrderID")).includes("4711");
  await must("ST060", "Complete");
  await line.until("ST060.State", (v) => v === "Complete");
  await must("ST060", "Reset");
  await line.until("ST060.State", (v) => v === "Idle");
  const execute = "packml:PackMLObjects/line:ST060/packml:BaseStateMachine/packml:MachineState/packml:ExecuteState";
  const standard = await line.session.call({ objectId: await line.find(execute), methodId: await line.find(`${execute}/packml:Start`) });
  seen.standardStart = standard.statusCode.name;
  await line.until("ST060.State", (v) => v === "Execute" || v === "Suspended");
  await pause(500);
  const path = states.ST060.join(" ");
  seen.states = ["Stopped", "Idle", "Execute", "Complete"].every((s) => path.includes(s)) || path;
  seen.notGood = notGood;
});
