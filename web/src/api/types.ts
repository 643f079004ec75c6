// Shapes of the REST contract (docs/api/openapi.json). Times are Unix milliseconds.

export type Role = "admin" | "operator" | "viewer" | "end_user";
export type Permission =
  | "view"
  | "control"
  | "transfer"
  | "manage_users"
  | "manage_clients"
  | "console_access"
  | "shell_access";
export type ConsentState = "not_required" | "pending" | "granted" | "denied";
export type ConsentMode = "silent" | "notify" | "ask" | "ask_unless_alone";
export type Access = "control" | "view_only";
export type Topic = "machines" | "sessions" | "codes" | "users" | "audit";

export interface ErrorBody {
  error_code: string;
  message: string;
  correlation_id: string;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Version {
  version: string;
  commit: string;
  commit_date: string;
  setup_required: boolean;
  company: string;
}

export interface User {
  id: string;
  username: string;
  display_name: string;
  role: Role;
  permissions: Permission[];
  disabled: boolean;
  created_ms: number;
  last_login_ms: number | null;
}

export interface LoginResponse {
  access_token: string;
  expires_in_s: number;
  user: User;
}

export interface NewUser {
  username: string;
  display_name: string;
  role: Role;
  permissions: Permission[];
  password: string;
}

export type UserPatch = Partial<Pick<User, "display_name" | "role" | "permissions" | "disabled">> & {
  password?: string;
};

export interface ViewerInfo {
  participant: number;
  user_id: string;
  name: string;
  rights: string[];
  since_ms: number;
  in_control: boolean;
}

export interface Machine {
  id: string;
  name: string;
  company: string;
  site: string;
  department: string;
  device_type: string;
  tags: string[];
  consent_mode: ConsentMode;
  online: boolean;
  since_ms: number | null;
  last_seen_ms: number | null;
  hostname: string;
  os: string;
  os_version: string;
  architecture: string;
  agent_version: string;
  logged_on_user: string;
  idle_s: number | null;
  session: { id: string; viewers: ViewerInfo[] } | null;
  created_ms: number;
}

export type MachineForm = Pick<
  Machine,
  "name" | "company" | "site" | "department" | "device_type" | "tags" | "consent_mode"
>;

export interface AgentKey {
  id: string;
  name: string;
  prefix: string;
  created_ms: number;
  created_by: string;
  last_used_ms: number | null;
  revoked_ms: number | null;
}

export interface Session {
  id: string;
  kind: "attended" | "unattended";
  source: "standalone" | "gururmm";
  is_managed: boolean;
  machine_id: string | null;
  machine_name: string;
  technician: string;
  company: string;
  consent_state: ConsentState;
  agent_online: boolean;
  state: "live" | "ended";
  viewers: ViewerInfo[];
  kbps: number;
  ticket: string;
  created_ms: number;
  ended_ms: number | null;
  end_cause: { code: string; sentence: string } | null;
}

export interface ViewerToken {
  token: string;
  expires_in_s: number;
  session_id: string;
  access: Access;
}

export interface Code {
  id: string;
  code: string;
  link: string;
  status: "active" | "used" | "cancelled" | "expired";
  technician: string;
  assigned_to: string | null;
  note: string;
  created_ms: number;
  expires_ms: number;
  used_ms: number | null;
  session_id: string | null;
  consent_state: ConsentState | null;
}

export interface CodeAnswer {
  valid: true;
  technician: string;
  company: string;
  server_url: string;
  commands: { linux?: string };
}

export interface CodeProgress {
  state: "waiting" | "connected" | "granted" | "denied" | "ended";
}

export interface AuditEvent {
  id: string;
  at_ms: number;
  action: string;
  actor_kind: "user" | "agent" | "guest" | "system";
  actor_id: string | null;
  actor_name: string;
  target_kind: string;
  target_id: string;
  target_name: string;
  session_id: string | null;
  machine_id: string | null;
  outcome: "ok" | "refused";
  address: string;
  correlation_id: string;
  detail: Record<string, unknown>;
}

export type Settings = Record<string, unknown> & {
  public_url: string;
  company: string;
  version: string;
  database: string;
  tls: boolean;
};
