// Writes the types of the REST contract, from the document that the server generates.
// Use: node scripts/api-types.mjs [out]
import { execFileSync } from "node:child_process";

const out = process.argv[2] ?? "src/gen/api.d.ts";
const args = ["../docs/api/openapi.json", "--empty-objects-unknown", "-o", out];
execFileSync("node_modules/.bin/openapi-typescript", args, { stdio: ["ignore", "ignore", "inherit"] });
