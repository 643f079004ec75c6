import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { desktopSessions } from "../src/engine/desktop-sessions";
import {
  type DesktopSessionKind,
  DesktopSessionListSchema,
  type DesktopSessionState,
} from "../src/gen/guruconnect/v2/control_pb";

test("sessions of users are told with plain texts, bounded, and without the services' own", () => {
  const hostile = `DOM\\anna\u202e<b>${"x".repeat(200)}`;
  const sessions = Array.from({ length: 400 }, (_, id) => ({
    id,
    user: hostile,
    state: 2,
    kind: 1,
    name: "Console",
  }));
  const facts = desktopSessions(
    create(DesktopSessionListSchema, { sessions, current: 3, followsConsole: true }),
  );
  expect(facts.sessions).toHaveLength(256);
  expect(facts.current).toBe(3);
  expect(facts.followsConsole).toBe(true);
  const [first] = facts.sessions;
  expect(first).toMatchObject({ id: 1, state: "locked", kind: "console", name: "Console" });
  expect(first?.user.length).toBeLessThanOrEqual(64);
  expect(first?.user).not.toContain("\u202e");
});

test("what a newer agent says of a session is not guessed at", () => {
  const newer: number = 77;
  const facts = desktopSessions(
    create(DesktopSessionListSchema, {
      sessions: [{ id: 2, state: newer as DesktopSessionState, kind: newer as DesktopSessionKind }],
    }),
  );
  expect(facts.sessions).toEqual([{ id: 2, user: "", state: "unknown", kind: "unknown", name: "" }]);
});
