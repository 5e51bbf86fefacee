// What was before: raw values, sums over them, and events, from the records.
"use strict";
const { opcua, run } = require("./session.cjs");

run(async (line, seen) => {
  const end = new Date(Date.now() + 1000);
  const start = new Date(end.getTime() - 3600 * 1000);
  const raw = async (name) => {
    const r = await line.session.readHistoryValue({ nodeId: line.node(name) }, start, end, { numValuesPerNode: 5000, returnBounds: false });
    if (!r.statusCode.isGood()) throw new Error(`${name}: ${r.statusCode.name}`);
    return r.historyData.dataValues;
  };
  const states = await raw("ST060.StateCurrent");
  seen.states = [4, 6, 17].every((s) => states.some((v) => v.value.value === s)) || states.map((v) => v.value.value).join(" "); // Idle, Execute, Complete
  seen.ordered = states.every((v, i) => i === 0 || states[i - 1].sourceTimestamp <= v.sourceTimestamp);

  const uses = (await raw("ST060.ToolUse")).map((v) => v.value.value);
  const sum = async (f) => {
    const r = await line.session.readAggregateValue({ nodeId: line.node("ST060.ToolUse") }, start, end, f, end - start);
    if (!r.statusCode.isGood()) throw new Error(`${opcua.AggregateFunction[f]}: ${r.statusCode.name}`);
    return r.historyData.dataValues[0].value.value;
  };
  seen.used = uses.length > 0;
  seen.count = (await sum(opcua.AggregateFunction.Count)) === uses.length;
  seen.maximum = (await sum(opcua.AggregateFunction.Maximum)) === Math.max(...uses);

  const filter = opcua.constructEventFilter(["ConditionName", "ActiveState.Id", "Time"], []);
  const events = await line.session.historyRead(new opcua.HistoryReadRequest({
    historyReadDetails: new opcua.ReadEventDetails({ numValuesPerNode: 1000, startTime: start, endTime: end, filter }),
    nodesToRead: [{ nodeId: line.node("ST130") }], releaseContinuationPoints: false, timestampsToReturn: opcua.TimestampsToReturn.Both,
  }));
  const told = events.results[0].historyData.events.map((e) => e.eventFields.map((f) => f.value)).filter(([name]) => name === "ST130/held");
  seen.events = told.some(([, active]) => active === true) && told.some(([, active]) => active === false);
});
