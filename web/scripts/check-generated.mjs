// Fails when the committed generated code is not what the generators write now.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const fresh = mkdtempSync(join(tmpdir(), "guruconnect-gen-"));
const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

try {
  execFileSync("node_modules/.bin/buf", ["generate", "--output", fresh], { stdio: "inherit" });
  const generated = join(fresh, "src/gen");
  execFileSync("node", ["scripts/scan-codes.mjs", join(generated, "scan_codes.json")], { stdio: "inherit" });
  execFileSync("node", ["scripts/api-types.mjs", join(generated, "api.d.ts")], { stdio: "inherit" });
  const stale = files(generated).filter((name) => {
    const committed = join("src/gen", name);
    return !existsSync(committed) || !readFileSync(committed).equals(readFileSync(join(generated, name)));
  });
  const orphans = files("src/gen").filter((name) => !existsSync(join(generated, name)));
  if (stale.length + orphans.length > 0) {
    console.error(`generated code is stale (npm run gen): ${[...stale, ...orphans].join(", ")}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(fresh, { recursive: true });
}
