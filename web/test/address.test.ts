import { describe, expect, it } from "vitest";
import { viewerAddress } from "../src/viewer/address";

describe("the address of a viewer", () => {
  it.each([
    ["/session/ab-1", "?access=control", { sessionId: "ab-1", access: "control" }],
    ["/session/ab-1/", "", { sessionId: "ab-1", access: "control" }],
    ["/session/ab-1", "?access=view_only", { sessionId: "ab-1", access: "view_only" }],
    ["/session/ab-1", "?access=all", { sessionId: "ab-1", access: "control" }],
    ["/session/", "", null],
    ["/session/a/b", "", null],
    ["/session/..%2f", "", null],
    ["/sessions", "", null],
    ["/", "", null],
  ])("%s%s", (path, search, meant) => {
    expect(viewerAddress(path, search)).toEqual(meant);
  });
});
