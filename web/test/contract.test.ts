import { describe, expect, expectTypeOf, it } from "vitest";
import { type Answer, address, type Route, type WishArgs } from "../src/api/contract";
import type { Machine } from "../src/api/types";

describe("addresses", () => {
  it("fill in the parts of a route, whatever is in them", () => {
    const path = { id: "a/b?c", key_id: "ü" };
    expect(address("/api/machines/{id}/keys/{key_id}", { path })).toBe("/api/machines/a%2Fb%3Fc/keys/%C3%BC");
  });

  it("carry the query, without what is empty", () => {
    const query = { q: "a b&c", limit: 200, cursor: "", state: undefined };
    expect(address("/api/machines", { query })).toBe("/api/machines?q=a+b%26c&limit=200");
    expect(address("/api/machines", { query: { cursor: "" } })).toBe("/api/machines");
  });

  it("are never those of something else because a part is missing", () => {
    expect(() => address("/api/users/{id}", {})).toThrow(RangeError);
    expect(() => address("/api/users/{id}", { path: { id: "" } })).toThrow(RangeError);
  });
});

// Checked by the compiler: `tsc` fails when one of these is not what it says.
describe("types of the contract", () => {
  it("know the routes and their methods", () => {
    expectTypeOf<"/api/machines/{id}/keys">().toExtend<Route<"GET">>();
    expectTypeOf<"/api/machines/{id}/key">().not.toExtend<Route<"GET">>();
    expectTypeOf<"/api/auth/logout">().not.toExtend<Route<"GET">>();
    expectTypeOf<"/api/auth/logout">().toExtend<Route<"DELETE">>();
  });

  it("know what is answered", () => {
    expectTypeOf<Answer<"GET", "/api/machines">["items"][number]>().toEqualTypeOf<Machine>();
    expectTypeOf<Answer<"POST", "/api/machines">>().toEqualTypeOf<Machine>();
    expectTypeOf<Answer<"DELETE", "/api/machines/{id}">>().toEqualTypeOf<undefined>();
  });

  it("know what must be given", () => {
    expectTypeOf<[]>().toExtend<WishArgs<"GET", "/api/machines">>();
    expectTypeOf<[{ query: { limit: 5 } }]>().toExtend<WishArgs<"GET", "/api/machines">>();
    expectTypeOf<[{ query: { limit: "5" } }]>().not.toExtend<WishArgs<"GET", "/api/machines">>();
    expectTypeOf<[{ query: { limit: 5 } }]>().not.toExtend<WishArgs<"GET", "/api/version">>();
    expectTypeOf<[]>().not.toExtend<WishArgs<"GET", "/api/users/{id}">>();
    expectTypeOf<[{ path: { id: string } }]>().toExtend<WishArgs<"GET", "/api/users/{id}">>();
    expectTypeOf<[{ path: { name: string } }]>().not.toExtend<WishArgs<"GET", "/api/users/{id}">>();
    expectTypeOf<[{ body: { note: string } }]>().not.toExtend<WishArgs<"POST", "/api/sessions">>();
    expectTypeOf<[{ body: { machine_id: string } }]>().toExtend<WishArgs<"POST", "/api/sessions">>();
    expectTypeOf<[]>().not.toExtend<WishArgs<"POST", "/api/sessions">>();
  });
});
