// A client whose certificate nobody has trusted.
"use strict";
const { client, login, setting, why } = require("./session.cjs");

(async () => {
  const c = await client({ retry: 0 });
  let outcome = "let in";
  try {
    await c.connect(setting.endpoint);
    await login(c);
  } catch (err) {
    outcome = why(err);
  }
  console.log("SEEN " + JSON.stringify({ outcome }));
})().then(() => process.exit(0), (err) => { console.error(err); process.exit(1); });
