// Copies the agent's table of scan codes, so that both ends use the same one.
import { copyFileSync } from "node:fs";

const [, , target = "src/gen/scan_codes.json"] = process.argv;
copyFileSync(new URL("../../crates/input/scan_codes.json", import.meta.url), target);
