// What the console does, one function per operation of the REST contract.

import { api } from "./client";
import type {
  Access,
  AgentKey,
  Code,
  CodeAnswer,
  CodeProgress,
  LoginResponse,
  Machine,
  MachineForm,
  NewUser,
  Session,
  User,
  UserPatch,
} from "./types";

const at = (path: string, ...parts: string[]) =>
  [path, ...parts.map((part) => encodeURIComponent(part))].join("/");

export async function login(username: string, password: string): Promise<void> {
  const body = { username, password };
  api.accept(await api.request<LoginResponse>("POST", "/api/auth/login", { auth: false, body }));
}

export async function setUp(body: {
  token: string;
  username: string;
  display_name: string;
  password: string;
}): Promise<void> {
  api.accept(await api.request<LoginResponse>("POST", "/api/setup", { auth: false, body }));
}

export const changePassword = (current_password: string, new_password: string) =>
  api.request("POST", "/api/auth/password", { body: { current_password, new_password } });

export const createMachine = (body: MachineForm) => api.request<Machine>("POST", "/api/machines", { body });
export const changeMachine = (id: string, body: Partial<MachineForm>) =>
  api.request<Machine>("PATCH", at("/api/machines", id), { body });
export const removeMachine = (id: string) => api.request("DELETE", at("/api/machines", id));
export const createKey = (machineId: string, name: string) =>
  api.request<{ key: AgentKey; secret: string }>("POST", `${at("/api/machines", machineId)}/keys`, {
    body: { name },
  });
export const revokeKey = (machineId: string, keyId: string) =>
  api.request("DELETE", `${at("/api/machines", machineId)}/keys/${encodeURIComponent(keyId)}`);

export const openSession = (machine_id: string) =>
  api.request<Session>("POST", "/api/sessions", { body: { machine_id } });
export const endSession = (id: string, note: string) =>
  api.request("POST", `${at("/api/sessions", id)}/end`, { body: note === "" ? {} : { note } });

export interface NewCode {
  expires_in_s: number;
  assigned_to?: string;
  note?: string;
}
export const createCode = (body: NewCode) => api.request<Code>("POST", "/api/codes", { body });
export const cancelCode = (code: string) => api.request("POST", `${at("/api/codes", code)}/cancel`);
export const validateCode = (code: string) =>
  api.request<CodeAnswer>("POST", "/api/codes/validate", { auth: false, body: { code } });
export const codeProgress = (code: string) =>
  api.request<CodeProgress>("POST", "/api/codes/status", { auth: false, body: { code } });

export const createUser = (body: NewUser) => api.request<User>("POST", "/api/users", { body });
export const changeUser = (id: string, body: UserPatch) =>
  api.request<User>("PATCH", at("/api/users", id), { body });
export const removeUser = (id: string) => api.request("DELETE", at("/api/users", id));

export function viewerUrl(sessionId: string, access: Access): string {
  return `/session/${encodeURIComponent(sessionId)}?access=${access}`;
}
