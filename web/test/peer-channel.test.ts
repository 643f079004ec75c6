import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { causeFacts } from "../src/engine/cause";
import { openChannel } from "../src/files/peer";
import { ofPeer } from "../src/viewer/file-drags";

type Work = () => unknown;

/** The browser's locks: who asks first has it until its work is done. */
class Locks {
  /** Requests are on their way, and the browser does not hear of them yet. */
  slow = false;
  private readonly queues = new Map<string, Work[]>();
  private readonly underway: Work[] = [];

  request(name: string, ...rest: unknown[]): Promise<void> {
    const work = rest.at(-1) as Work;
    return new Promise((done) => {
      const ask = () => {
        const queue = this.queues.get(name) ?? [];
        this.queues.set(name, queue);
        queue.push(async () => {
          await work();
          queue.shift();
          done();
          queue[0]?.();
        });
        if (queue.length === 1) queue[0]?.();
      };
      if (this.slow) this.underway.push(ask);
      else ask();
    });
  }

  arrive(): void {
    this.slow = false;
    for (const ask of this.underway.splice(0)) ask();
  }

  query() {
    const held = [...this.queues].filter(([, queue]) => queue.length > 0).map(([name]) => ({ name }));
    return Promise.resolve({ held, pending: [] });
  }
}

describe("two pages that hand files over", () => {
  let locks: Locks;

  beforeEach(() => {
    vi.useFakeTimers();
    locks = new Locks();
    vi.stubGlobal("navigator", { locks });
    vi.stubGlobal("self", { location: { origin: "https://connect.example" } });
    vi.stubGlobal(
      "BroadcastChannel",
      class {
        postMessage(): void {}
        close(): void {}
      },
    );
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("misses a page when it has gone, after its last words, and not before it has come", async () => {
    locks.slow = true;
    const taker = openChannel("x", "taker");
    locks.slow = false;
    const giver = openChannel("x", "giver");
    const gone = vi.fn();
    giver.watch(gone);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gone).not.toHaveBeenCalled();
    locks.arrive();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(gone).not.toHaveBeenCalled();
    taker.close();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gone).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(gone).toHaveBeenCalledOnce();
    giver.close();
  });

  it("misses a page that never came", async () => {
    const giver = openChannel("x", "giver");
    const gone = vi.fn();
    giver.watch(gone);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(gone).toHaveBeenCalledOnce();
    giver.close();
  });
});

describe("files that did not come from another session", () => {
  it("are to be pasted once more when somebody is gone, since they do not go on", () => {
    expect(ofPeer(causeFacts(126))?.sentence).toContain("once more");
    expect(ofPeer(causeFacts(123))).toEqual(causeFacts(123));
    expect(ofPeer(null)).toBeNull();
  });
});
