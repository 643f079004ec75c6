// A made-up fleet.

import type { AuditEvent, Code, Machine, Session, User } from "../src/api/types";

const now = Date.now();
const minute = 60_000;
const day = 24 * 60 * minute;
export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export const users: User[] = [
  ["ada", "Ada Marsh", "admin"],
  ["ben", "Ben Okafor", "operator"],
  ["carla", "Carla Nuñez", "viewer"],
  ["dev", "Dev Patel", "end_user"],
].map(([username, display_name, role], i) => ({
  id: uuid(100 + i),
  username: username as string,
  display_name: display_name as string,
  role: role as User["role"],
  permissions: i === 1 ? ["manage_clients"] : [],
  disabled: i === 3,
  created_ms: now - 90 * day,
  last_login_ms: i === 3 ? null : now - i * 7 * 60 * minute - 2 * minute,
}));

const companies = [
  ["Northwind Dental", ["Main Street", "Harbour"]],
  ["Blue Fern Logistics", ["Warehouse 2", "Office"]],
  ["St. Anne School", ["Library", "Secretariat"]],
] as const;
const systems = [
  ["Windows", "11 Pro 24H2"],
  ["Debian", "12"],
  ["Windows", "Server 2022"],
  ["Ubuntu", "24.04"],
] as const;

export const machines: Machine[] = Array.from({ length: 240 }, (_, i) => {
  const [company, sites] = companies[i % 3] ?? companies[0];
  const [os, os_version] = systems[i % 4] ?? systems[0];
  const online = i % 5 !== 3;
  const never = i === 23;
  return {
    id: uuid(1000 + i),
    name: `${["FRONT", "LAB", "SRV", "DESK", "TILL"][i % 5]}-${String(i + 1).padStart(3, "0")}`,
    company,
    site: sites[i % 2] ?? "",
    department: i % 4 === 0 ? "Reception" : "",
    device_type: i % 4 === 2 ? "server" : "workstation",
    tags: i % 7 === 0 ? ["vip"] : i % 11 === 0 ? ["kiosk", "lobby"] : [],
    consent_mode: "ask_unless_alone",
    online: online && !never,
    since_ms: never ? null : now - ((i * 37) % 700) * minute - (i % 13 === 3 ? 40 * day : 0),
    last_seen_ms: never
      ? null
      : online
        ? now
        : now - ((i * 37) % 700) * minute - (i % 13 === 3 ? 40 * day : 0),
    no_picture:
      online && i % 9 === 5
        ? {
            code: "no_display",
            sentence:
              "The machine has no desktop to show. Check that a user is logged on or a display is attached.",
          }
        : null,
    link_trouble:
      i % 6 === 0 && !never
        ? {
            cause: {
              code: "link_clock_wrong",
              sentence:
                "The server's certificate was not valid at the machine's time. Check the date and time there.",
            },
            detail: "",
            attempts: 412,
            lasted_ms: 73 * minute,
            ended_ms: now - ((i * 37) % 700) * minute,
          }
        : null,
    hostname: `host-${i + 1}`,
    os,
    os_version,
    architecture: "x86_64",
    agent_version: i % 9 === 4 ? "0.0.9" : "0.1.0",
    logged_on_user: i % 3 === 1 ? "" : (["m.lopez", "front.desk", "jan", "library"][i % 4] ?? ""),
    idle_s: online ? (i * 41) % 4000 : null,
    session:
      i === 0
        ? {
            id: uuid(1),
            viewers: [
              {
                participant: 1,
                user_id: uuid(100),
                name: "Ada Marsh",
                rights: ["view", "control"],
                since_ms: now - 4 * minute,
                in_control: true,
              },
            ],
          }
        : null,
    created_ms: now - 60 * day,
  };
});

const session = (n: number, more: Partial<Session>): Session => ({
  id: uuid(n),
  kind: "unattended",
  source: "standalone",
  is_managed: true,
  machine_id: uuid(1000 + n),
  machine_name: machines[n - 1]?.name ?? "",
  technician: "Ada Marsh",
  company: "Marsh IT",
  consent_state: "not_required",
  agent_online: true,
  state: "live",
  viewers: [],
  kbps: 0,
  ticket: "",
  created_ms: now - n * 11 * minute,
  ended_ms: null,
  end_cause: null,
  ...more,
});

export const sessions: Session[] = [
  session(1, { viewers: machines[0]?.session?.viewers ?? [], kbps: 842, ticket: "T-1841" }),
  session(2, {
    kind: "attended",
    is_managed: false,
    consent_state: "pending",
    machine_name: "LAPTOP-JANA",
    machine_id: null,
    created_ms: now - 42_000,
  }),
  session(3, { agent_online: false, created_ms: now - 5 * 60 * minute }),
  session(4, {
    state: "ended",
    ended_ms: now - 3 * minute,
    end_cause: { code: "ended_by_user", sentence: "The user at the machine ended the session." },
  }),
];

const code = (n: number, text: string, more: Partial<Code>): Code => ({
  id: uuid(500 + n),
  code: text,
  link: `http://127.0.0.1:5180/j/${text}`,
  status: "active",
  technician: "Ada Marsh",
  assigned_to: null,
  note: "",
  created_ms: now - n * 20 * minute,
  expires_ms: now + day - n * 20 * minute,
  used_ms: null,
  session_id: null,
  consent_state: null,
  ...more,
});

export const codes: Code[] = [
  code(1, "K7M-PQ4-XYZ", { note: "Jana, printer" }),
  code(2, "ABC-DEF-GH2", {
    status: "used",
    used_ms: now - 42_000,
    session_id: uuid(2),
    consent_state: "pending",
  }),
  code(3, "HJK-234-RST", { status: "cancelled" }),
  code(4, "WXY-Z98-765", { status: "expired", expires_ms: now - day }),
];

const actions = [
  ["login", "ok", "user", ""],
  ["session_opened", "ok", "session", "FRONT-001"],
  ["code_created", "ok", "code", "K7M-…"],
  ["control_given", "ok", "session", "FRONT-001"],
  ["login_failed", "refused", "user", "root"],
  ["machine_created", "ok", "machine", "DESK-044"],
  ["consent_denied", "refused", "session", "LAPTOP-JANA"],
] as const;

export const audit: AuditEvent[] = Array.from({ length: 230 }, (_, i) => {
  const [action, outcome, target_kind, target_name] = actions[i % actions.length] ?? actions[0];
  const who = users[i % 3];
  return {
    id: uuid(9000 - i),
    at_ms: now - i * 7 * minute - 30_000,
    action,
    actor_kind: "user",
    actor_id: who?.id ?? null,
    actor_name: who?.display_name ?? "",
    target_kind,
    target_id: uuid(1000),
    target_name,
    session_id: target_kind === "session" ? uuid(1) : null,
    machine_id: uuid(1000),
    outcome,
    address: "192.0.2.17",
    correlation_id: uuid(70_000 + i),
    detail: { rights: ["view", "control"] },
  };
});
