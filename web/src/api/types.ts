// Names of the REST contract's shapes for the pages. The shapes themselves are generated
// from docs/api/openapi.json (`npm run gen`). Times are Unix milliseconds.

import type { components } from "../gen/api";

type Schemas = components["schemas"];

export type Role = Schemas["Role"];
export type Permission = Schemas["Permission"];
export type ConsentState = Schemas["ConsentState"];
export type ConsentMode = Schemas["ConsentMode"];
export type Access = Schemas["ViewerAccess"];

export type ErrorBody = Schemas["ErrorBody"];
export type LoginResponse = Schemas["LoginResponse"];
export type SetUp = Schemas["SetupRequest"];

export type User = Schemas["User"];
export type NewUser = Schemas["NewUserRequest"];
export type UserPatch = Schemas["UserPatch"];

export type Machine = Schemas["Machine"];
/** Everything that a form can set; `NewMachineRequest` may leave most of it out. */
export type MachineForm = Required<Schemas["NewMachineRequest"]>;
export type AgentKey = Schemas["AgentKey"];

export type Session = Schemas["Session"];

export type Code = Schemas["Code"];
export type NewCode = Schemas["NewCodeRequest"];
export type CodeAnswer = Schemas["ValidCode"];
export type CodeProgress = Schemas["GuestProgress"];

export type ConnectionNotice = Schemas["ConnectionNotice"];
export type ConnectionNoticeSettings = Schemas["ConnectionNoticeSettings"];

export type FileRules = Schemas["FileRules"];
export type FileTransfer = Schemas["FileTransfer"];

export type AuditEvent = Schemas["AuditEvent"];

/** What the stream of changes names; the document knows streams as text only. */
export type Topic = "machines" | "sessions" | "codes" | "users" | "audit";
