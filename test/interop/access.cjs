// Who gets in, and who may do what: a wrong password, and a role that is missing.
"use strict";
const { opcua, run, client, login, setting, why } = require("./session.cjs");

run(async (line, seen) => {
  seen.state = (await line.value("ST060.State")).statusCode.name;
  const c = await client();
  await c.connect(setting.endpoint);
  try {
    await login(c, { password: "wrong" });
    seen.wrongPassword = "let in";
  } catch (err) {
    seen.wrongPassword = why(err);
  }
  try {
    await c.createSession({ type: opcua.UserTokenType.Anonymous });
    seen.anonymous = "let in";
  } catch (err) {
    seen.anonymous = why(err) === "BadIdentityTokenRejected" || why(err) === "BadUserAccessDenied" || /policy/.test(err.message) ? "refused" : err.message;
  }
  const viewer = await login(c, { user: "vera", password: setting.passwords.vera });
  seen.viewerSees = (await viewer.value("ST060.State")).statusCode.name;
  const start = await viewer.call("ST060", "Start");
  seen.viewerStarts = start.status;
  const write = await viewer.session.write({ nodeId: viewer.node("Line.Good"), attributeId: opcua.AttributeIds.Value,
    value: { value: { dataType: opcua.DataType.UInt32, value: 1 } } });
  seen.viewerWrites = write.isGood() ? "let in" : "refused";
  await viewer.session.close();
  await c.disconnect();
});
