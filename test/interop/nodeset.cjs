// Loads an exported address space into node-opcua's own, on top of the standard's nodes, and says what it found there.
// Argument: the NodeSet2 file.
"use strict";
const opcua = require("node-opcua");
const { generateAddressSpace } = require("node-opcua-address-space/nodeJS");

async function main() {
  const space = opcua.AddressSpace.create();
  await generateAddressSpace(space, [opcua.nodesets.standard, process.argv[2]]);
  const own = space.getNamespaceIndex("urn:linectl:line"), packml = space.getNamespaceIndex("http://opcfoundation.org/UA/PackML/");
  const node = (name) => space.findNode(`ns=${own};s=${name}`);
  const seen = { spaces: space.getNamespaceArray().map((n) => n.namespaceUri).filter((u) => /PackML|linectl/.test(u)) };
  seen.reason = node("ST060.ReasonText").browseName.name;
  const life = node("ST060.ToolLife");
  seen.range = [life.euRange.readValue().value.value.low, life.euRange.readValue().value.value.high];
  seen.unit = life.engineeringUnits.readValue().value.value.displayName.text;
  seen.machine = node("ST060.PackML.ExecuteState").typeDefinitionObj.browseName.toString().replace(/^\d+:/, "");
  seen.held = space.findNode(`ns=${packml};i=34`).typeDefinitionObj.browseName.name;
  seen.subtype = space.findNode(`ns=${packml};i=1`).subtypeOfObj.browseName.name;
  seen.arguments = node("ST060.LoadMaterial").getInputArguments().map((a) => a.name);
  seen.fields = space.findNode(`ns=${packml};i=14`).getStructureDefinition().fields.map((f) => f.name);
  space.dispose();
  console.log("SEEN " + JSON.stringify(seen));
}

main().then(() => process.exit(0), (err) => { console.error(err); process.exit(1); });
