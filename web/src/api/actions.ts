// What the console does, one function per operation of the REST contract.

import { api } from "./client";
import type {
  Access,
  ConnectionNotice,
  FileRules,
  MachineForm,
  NewCode,
  NewUser,
  SetUp,
  UserPatch,
} from "./types";

export async function login(username: string, password: string): Promise<void> {
  const body = { username, password };
  api.accept(await api.request("POST", "/api/auth/login", { auth: false, body }));
}

export async function setUp(body: SetUp): Promise<void> {
  api.accept(await api.request("POST", "/api/setup", { auth: false, body }));
}

export const changePassword = (current_password: string, new_password: string) =>
  api.request("POST", "/api/auth/password", { body: { current_password, new_password } });

export const createMachine = (body: MachineForm) => api.request("POST", "/api/machines", { body });
export const changeMachine = (id: string, body: Partial<MachineForm>) =>
  api.request("PATCH", "/api/machines/{id}", { path: { id }, body });
export const removeMachine = (id: string) => api.request("DELETE", "/api/machines/{id}", { path: { id } });
export const createKey = (id: string, name: string) =>
  api.request("POST", "/api/machines/{id}/keys", { path: { id }, body: { name } });
export const revokeKey = (id: string, key_id: string) =>
  api.request("DELETE", "/api/machines/{id}/keys/{key_id}", { path: { id, key_id } });

export const openSession = (machine_id: string) =>
  api.request("POST", "/api/sessions", { body: { machine_id } });
export const endSession = (id: string, note = "") =>
  api.request("POST", "/api/sessions/{id}/end", { path: { id }, body: note === "" ? {} : { note } });
export const viewerToken = (id: string, access: Access) =>
  api.request("POST", "/api/sessions/{id}/viewer-token", { path: { id }, body: { access } });
export const viewerTicket = (id: string, access: Access) =>
  api.request("POST", "/api/sessions/{id}/viewer-ticket", { path: { id }, body: { access } });

export const createCode = (body: NewCode) => api.request("POST", "/api/codes", { body });
export const cancelCode = (code: string) =>
  api.request("POST", "/api/codes/{code}/cancel", { path: { code } });
export const validateCode = (code: string) =>
  api.request("POST", "/api/codes/validate", { auth: false, body: { code } });
export const codeProgress = (code: string) =>
  api.request("POST", "/api/codes/status", { auth: false, body: { code } });

export const setConnectionNotice = (body: ConnectionNotice) =>
  api.request("PUT", "/api/settings/connection-notice", { body });

export const createUser = (body: NewUser) => api.request("POST", "/api/users", { body });
export const changeUser = (id: string, body: UserPatch) =>
  api.request("PATCH", "/api/users/{id}", { path: { id }, body });
export const removeUser = (id: string) => api.request("DELETE", "/api/users/{id}", { path: { id } });

export const setFileRules = (body: FileRules) => api.request("PUT", "/api/settings/files", { body });

export function viewerUrl(sessionId: string, access: Access): string {
  return `/session/${encodeURIComponent(sessionId)}?access=${access}`;
}
