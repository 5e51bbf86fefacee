// What a client finds by the names of the companion specifications alone.
"use strict";
const { opcua, run } = require("./session.cjs");

run(async (line, seen) => {
  const read = async (path) => {
    const v = await line.session.read({ nodeId: await line.find(path), attributeId: opcua.AttributeIds.Value });
    if (!v.statusCode.isGood()) throw new Error(`${path} is ${v.statusCode.name}`);
    return v.value.value !== null && v.value.value.text !== undefined ? v.value.value.text : v.value.value;
  };
  const packml = "packml:PackMLObjects/line:ST060";
  const machine = "machinery:Machines/line:Machine";
  seen.base = await read(`${packml}/packml:BaseStateMachine/CurrentState`);
  seen.start = String((await line.find(`${packml}/packml:BaseStateMachine/packml:MachineState/packml:ExecuteState/packml:Start`)).value);
  seen.starved = await read(`${packml}/packml:Status/packml:EquipmentStarved`);
  seen.unitMode = await read(`${packml}/packml:Status/packml:UnitModeCurrent`);
  seen.serial = await read(`${machine}/di:Identification/di:SerialNumber`);
  seen.item = await read(`${machine}/machinery:MachineryBuildingBlocks/machinery:MachineryItemState/CurrentState`);
  seen.mode = await read(`${machine}/machinery:MachineryBuildingBlocks/machinery:MachineryOperationMode/CurrentState`);
  seen.orders = Array.isArray(await line.good("JobOrders.JobOrderID"));
  seen.unit = (await line.good("ST060.ToolLife.EngineeringUnits")).displayName.text;
  const range = await line.good("ST060.ToolLife.EURange");
  seen.range = [range.low, range.high];
  seen.simulated = await line.good("Line.Simulated");
  const folder = await line.session.browse(line.node("Line"));
  seen.stations = [...new Set(folder.references.map((r) => r.browseName.name))].filter((n) => /^ST\d{3}$/.test(n)).sort().join(" ");
});
