import { describe, expect, it } from "vitest";
import type { LocalItem } from "../src/files/facts";
import { Outgoing } from "../src/files/outgoing";
import type { PeerSource } from "../src/files/peer";
import { type FileBody, Task } from "../src/files/task";
import { FileOutcome } from "../src/gen/guruconnect/v2/file_pb";

const MANY = 1_000;
const SIZE = 5;

describe("the sending end of an upload", () => {
  it("looks at files that come one by one so often each, however many there are", async () => {
    let looks = 0;
    const items: LocalItem[] = [];
    const file = {
      get size() {
        looks += 1;
        return SIZE;
      },
      slice: () => ({ arrayBuffer: () => Promise.resolve(new ArrayBuffer(SIZE)) }),
    };
    const source = { more: true, totalFiles: 0, totalBytes: 0 } as PeerSource;
    const said: FileBody[] = [];
    const task = new Task(1, new Uint8Array(16), "upload", "many");
    const outgoing = new Outgoing(task, items, (body) => said.push(body), source);
    const bySome: number[] = [];
    for (let index = 0; index < MANY; index += 1) {
      const before = looks;
      items.push({ path: `${index}.txt`, file, modifiedMs: 0 });
      await outgoing.turn(0);
      expect(task.totalFiles).toBe(index + 1);
      expect(task.totalBytes).toBe((index + 1) * SIZE);
      expect(outgoing.result({ index, outcome: FileOutcome.SKIPPED } as never)).toBe(true);
      bySome.push(looks - before);
    }
    expect(said.filter((body) => body.case === "heads")).toHaveLength(MANY);
    // The last one costs what the first one did.
    expect(new Set(bySome).size).toBe(1);
  });
});
