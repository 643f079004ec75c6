import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Abilities, choice, readAbilities, rightsOf } from "../src/engine/actions";
import { MachineAction, MachineActionStateSchema } from "../src/gen/guruconnect/v2/action_pb";
import { fillTemplate, templateProblem } from "../src/pages/notice-template";
import { PendingRequests } from "../src/viewer/pending";

const PLACEHOLDERS = ["technician_name", "company", "time"];

describe("what a machine can do", () => {
  const state = create(MachineActionStateSchema, {
    abilities: [
      { action: MachineAction.BLOCK_INPUT, on: true },
      { action: MachineAction.BLANK_SCREEN, unavailable: { code: 100, detail: "not\u202e here" } },
      { action: MachineAction.ELEVATE, unavailable: { code: 102 } },
      { action: 99 as MachineAction, on: true },
    ],
  });

  it("is read with its reasons, and without what is not known here", () => {
    const abilities = readAbilities(state);
    expect(Object.keys(abilities).sort()).toEqual(["blank_screen", "block_input", "elevate"]);
    expect(abilities.block_input).toEqual({ on: true, unavailable: null });
    expect(abilities.blank_screen?.unavailable?.detail).toBe("not here");
  });

  it("says why an entry cannot be chosen", () => {
    const abilities: Abilities = readAbilities(state);
    expect(choice(abilities, "block_input", true)).toEqual({ disabled: false, on: true, why: null });
    expect(choice(abilities, "block_input", false)).toEqual({
      disabled: true,
      on: true,
      why: "Someone else has control. Ask them for it.",
    });
    expect(choice(abilities, "blank_screen", true).why).toBe("not here");
    expect(choice(abilities, "elevate", true).why).toBe(
      "The installed agent has administrator rights already.",
    );
    expect(choice(abilities, "lock", true).disabled).toBe(true);
    expect(choice(null, "lock", true).why).toBe("This machine's agent does not know it.");
  });
});

describe("the rights of a session", () => {
  const elevate = (code?: number) =>
    readAbilities(
      create(MachineActionStateSchema, {
        abilities: [{ action: MachineAction.ELEVATE, ...(code ? { unavailable: { code } } : {}) }],
      }),
    );

  it("can be asked for where the machine says so, and stand as it says", () => {
    expect(rightsOf(elevate())).toBe("none");
    expect(rightsOf(elevate(161))).toBe("asking");
    expect(rightsOf(elevate(162))).toBe("given");
    expect(choice(elevate(161), "elevate", true).why).toBe(
      "The user is being asked for administrator rights.",
    );
  });

  it("are not spoken of where there are none to ask for", () => {
    expect(rightsOf(elevate(102))).toBeNull();
    expect(rightsOf(elevate(100))).toBeNull();
    expect(rightsOf(readAbilities(create(MachineActionStateSchema, {})))).toBeNull();
    expect(rightsOf(null)).toBeNull();
  });
});

describe("requests to the machine", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are answered one by one", async () => {
    const requests = new PendingRequests();
    const ids: number[] = [];
    const send = (id: number) => void ids.push(id);
    const first = requests.ask(send);
    const second = requests.ask(send);
    expect(new Set(ids).size).toBe(2);
    const cause = { code: "action_failed", sentence: "The machine refused.", detail: "" };
    requests.answered(ids[1] ?? 0, cause);
    requests.answered(ids[0] ?? 0, null);
    requests.answered(12_345, cause);
    expect(await first).toBeNull();
    expect(await second).toBe(cause);
  });

  it("end with the link, or when nothing comes", async () => {
    const requests = new PendingRequests();
    const cut = requests.ask(() => undefined);
    requests.lost();
    expect((await cut)?.code).toBe("connection_lost");
    const silent = requests.ask(() => undefined);
    vi.advanceTimersByTime(180_000);
    expect((await silent)?.code).toBe("no_answer");
  });
});

describe("the text of the connection notice", () => {
  it("is refused here as the server refuses it", () => {
    for (const [template, fine] of [
      ["{{technician_name}} of {{company}} at {{ time }}", true],
      ["{one} brace", true],
      ["ü".repeat(300), true],
      ["", false],
      [" \n", false],
      ["x".repeat(301), false],
      ["1\n2\n3\n4\n5\n6\n7", false],
      ["a\u202eb", false],
      ["a\tb", false],
      ["{{user}}", false],
      ["{{}}", false],
      ["{{company", false],
      ["company}}", false],
      ["{{company}} }}", false],
    ] as const) {
      expect(templateProblem(template, PLACEHOLDERS) === null, template).toBe(fine);
    }
    expect(templateProblem("{{user}}", PLACEHOLDERS)).toBe("There is no placeholder {{user}}.");
  });

  it("is filled in once, whatever the words are", () => {
    const words = { technician_name: "{{company}}", company: "Contoso", time: "14:05" };
    expect(fillTemplate("{{technician_name}} ({{ company }}) {{time}}", words)).toBe(
      "{{company}} (Contoso) 14:05",
    );
  });
});
