// What docs/api/openapi.json says about requests, as types: which routes exist, what
// they take and what they answer. A route that is not there does not compile.

import type { paths } from "../gen/api";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The routes that know a method. */
export type Route<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in Lowercase<M>]: object } ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends Route<M>> = paths[P] extends { [K in Lowercase<M>]: infer O }
  ? O
  : never;

type Json<T> = T extends { content: { "application/json": infer B } } ? B : never;

/** The body of the answer that grants the wish; nothing for 204. */
export type Answer<M extends Method, P extends Route<M>> =
  Operation<M, P> extends { responses: infer R }
    ?
        | (R extends { 200: infer A } ? Json<A> : never)
        | (R extends { 201: infer A } ? Json<A> : never)
        | (R extends { 204: unknown } ? undefined : never)
    : never;

type Parts = Readonly<Record<string, string>>;
type Terms = Readonly<Record<string, string | number | undefined>>;

type PathOf<O> = O extends { parameters: { path: infer T extends Parts } } ? { path: T } : { path?: never };
// No operation requires its query; one without says `never`.
type Query<O> = O extends { parameters: { query?: unknown } }
  ? Extract<O["parameters"]["query"], Terms>
  : never;
type QueryOf<O> = [Query<O>] extends [never] ? { query?: never } : { query?: Query<O> };
type BodyOf<O> = O extends { requestBody: infer T } ? { body: Json<T> } : { body?: never };

export interface Common {
  signal?: AbortSignal;
  /** False for the few routes that need no sign-in. */
  auth?: boolean;
  headers?: Record<string, string>;
}

export type Wish<M extends Method, P extends Route<M>> = Common &
  PathOf<Operation<M, P>> &
  QueryOf<Operation<M, P>> &
  BodyOf<Operation<M, P>>;

/** Left out when there is nothing that must be given. */
export type WishArgs<M extends Method, P extends Route<M>> =
  Common extends Wish<M, P> ? [wish?: Wish<M, P>] : [wish: Wish<M, P>];

/** A wish of any route, for the code that sends it. */
export interface AnyWish extends Common {
  path?: Parts | undefined;
  query?: Terms | undefined;
  body?: unknown;
}

/** `/api/users/{id}` with its parts filled in and the query behind. */
export function address(route: string, wish: AnyWish): string {
  const path = route.replace(/\{(\w+)\}/g, (_, name: string) => {
    const part = wish.path?.[name];
    // An empty part would be the address of something else.
    if (part === undefined || part === "") throw new RangeError(`${route} needs ${name}`);
    return encodeURIComponent(part);
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wish.query ?? {})) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}
