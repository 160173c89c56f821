// The peer of token verification: jose, the JOSE library of the Node world. Reads {jwk, token, issuer, audience, rounds}
// from standard input and writes the microseconds of one verification: [median, p10, p90] over batches.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { importJWK, jwtVerify } = await import(pathToFileURL(require.resolve("jose")).href);

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { jwk, token, issuer, audience, rounds } = JSON.parse(text);
const key = await importJWK(jwk, "RS256");
const options = { issuer, audience, algorithms: ["RS256"], typ: "at+jwt" };

const batch = 50;
const took = [];
for (let round = 0; round < rounds; round += 1) {
  const began = process.hrtime.bigint();
  for (let turn = 0; turn < batch; turn += 1) await jwtVerify(token, key, options);
  took.push(Number(process.hrtime.bigint() - began) / 1000 / batch);
}
took.sort((left, right) => left - right);
const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
process.stdout.write(JSON.stringify([at(0.5), at(0.1), at(0.9)]));
