import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { machines } from "../mock/data";
import { EventParser, topicOf } from "../src/api/events";
import { backoff } from "../src/engine/backoff";
import { ALL_CAUSES, closeFacts } from "../src/engine/cause";
import { safeNext } from "../src/pages/entry";
import { buildGroups } from "../src/pages/machines/groups";
import { factRows } from "../src/pages/settings";
import { formatCode, hintFor, readCode, spellCode } from "../src/pages/support-code";
import { spell, stopwatch } from "../src/ui/time";

describe("support code", () => {
  it.each(["ABCDEFGH2", "abc-def-gh2", " a b c d e f g h 2 ", "AbC-DeF-gH2\n"])("reads %s", (text) => {
    expect(formatCode(readCode(text).symbols)).toBe("ABC-DEF-GH2");
    expect(hintFor(readCode(text))).toBeNull();
  });

  it.each(["0", "O", "o", "1", "I", "l", "é", "А", "ſ", "!"])(
    "tells at once that %s cannot be part of it",
    (character) => {
      const reading = readCode(`ABC${character}`);
      expect(reading.stranger).toBe(character);
      expect(reading.symbols).toBe("ABC");
      expect(hintFor(reading)).toContain(`“${character}”`);
    },
  );

  it("tells of one character too many", () => {
    expect(hintFor(readCode("ABCDEFGH23"))).toContain("nine");
  });

  it("is spelled for reading aloud", () => {
    expect(spellCode("K7M-PQ4-XYZ")).toEqual([
      ["K as in Kilo", "7 (seven)", "M as in Mike"],
      ["P as in Papa", "Q as in Quebec", "4 (four)"],
      ["X as in X-ray", "Y as in Yankee", "Z as in Zulu"],
    ]);
  });
});

describe("causes", () => {
  const rust = readFileSync(new URL("../../crates/types/src/cause.rs", import.meta.url), "utf8");
  const proto = readFileSync(new URL("../../proto/guruconnect/v2/cause.proto", import.meta.url), "utf8");

  it("are those of the wire, with the sentences of the server", () => {
    const numbers = [...proto.matchAll(/CAUSE_CODE_(\w+) = (\d+);/g)].filter((match) => match[2] !== "0");
    expect(Object.keys(ALL_CAUSES)).toHaveLength(numbers.length);
    for (const [, name, number] of numbers) {
      const known = ALL_CAUSES[Number(number)];
      expect(known?.[0]).toBe(name?.toLowerCase());
      expect(rust).toContain(`"${known?.[1]}"`);
    }
  });

  it("of a closed link say whether to come back", () => {
    expect(closeFacts(1006).retries).toBe(Number.POSITIVE_INFINITY);
    expect(closeFacts(4410).retries).toBe(0);
    expect(closeFacts(4403).code).toBe("forbidden");
  });
});

describe("stream of changes", () => {
  it("is read whatever the pieces it comes in", () => {
    const text =
      ': hello\n\nevent: change\ndata: {"topic":"codes"}\n\nevent: change\r\ndata: {"topic":"x"}\r\n\r\n';
    for (const size of [1, 7, 1000]) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
      expect(events.map(({ data }) => topicOf(data))).toEqual(["codes", null]);
    }
  });

  it("names only topics that there are", () => {
    expect(topicOf("nonsense")).toBeNull();
    expect(topicOf('{"topic":"machines"}')).toBe("machines");
  });
});

describe("small things", () => {
  it("backs off with full jitter", () => {
    expect(backoff(0, () => 1)).toBe(500);
    expect(backoff(3, () => 0.5)).toBe(2000);
    expect(backoff(40, () => 1)).toBe(15_000);
    expect(backoff(5, () => 0)).toBe(0);
  });

  it("goes on only within the application", () => {
    expect(safeNext("/sessions?x=1")).toBe("/sessions?x=1");
    for (const bad of [
      "//evil.example",
      "https://evil.example",
      "/\\evil.example",
      "javascript:1",
      5,
      undefined,
    ]) {
      expect(safeNext(bad)).toBe("/machines");
    }
  });

  it("spells durations", () => {
    expect([spell(4000), spell(720_000), spell(11_100_000), spell(9 * 86_400_000)]).toEqual([
      "4 s",
      "12 min",
      "3 h 5 min",
      "9 d",
    ]);
    expect([stopwatch(252_000), stopwatch(3_852_000)]).toEqual(["04:12", "1:04:12"]);
  });

  it("flattens settings", () => {
    expect(factRows({ tls: true, limits: { input_events: 200 } })).toEqual([
      ["TLS in this process", "yes"],
      ["limits · input events", "200"],
    ]);
  });

  it("groups machines and counts them", () => {
    const sections = buildGroups(machines, {
      userId: machines[0]?.session?.viewers[0]?.user_id ?? "",
      latest: "0.1.0",
      now: Date.now(),
    });
    const groups = sections.flatMap((section) => section.groups);
    const count = (key: string) => groups.find((group) => group.key === key)?.count;
    expect(count("all")).toBe(machines.length);
    expect(count("mine")).toBe(1);
    expect(count("never")).toBe(1);
    expect(count("company:Northwind Dental")).toBe(80);
    expect(count("site:Northwind Dental\nHarbour")).toBe(40);
    for (const group of groups) expect(machines.filter(group.holds).length, group.key).toBe(group.count);
  });
});
