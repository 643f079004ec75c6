import table from "../gen/scan_codes.json";

export interface ScanCode {
  scanCode: number;
  extended: boolean;
}

const BY_CODE: ReadonlyMap<string, ScanCode> = new Map(
  table.map((row) => [row.code, { scanCode: row.scan_code, extended: row.extended }]),
);

/** The key at the place that `KeyboardEvent.code` names; null when no board has it. */
export function scanCodeOf(code: string): ScanCode | null {
  return BY_CODE.get(code) ?? null;
}
