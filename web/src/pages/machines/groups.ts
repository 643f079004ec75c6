// The tree at the left of the machines page: which groups there are, and who is in them.

import type { Machine } from "../../api/types";

export interface GroupContext {
  userId: string;
  /** Version of the server, with which agents are released together. */
  latest: string;
  now: number;
}

export interface Group {
  key: string;
  label: string;
  depth: 0 | 1;
  count: number;
  holds(machine: Machine): boolean;
}

export interface GroupSection {
  title: string | null;
  groups: Group[];
}

const LONG_OFFLINE_MS = 30 * 24 * 3600 * 1000;

export function isOutdated(machine: Machine, latest: string): boolean {
  return machine.agent_version !== "" && latest !== "" && machine.agent_version !== latest;
}

function group(
  key: string,
  label: string,
  machines: Machine[],
  holds: Group["holds"],
  depth: 0 | 1 = 0,
): Group {
  return { key, label, depth, holds, count: machines.filter(holds).length };
}

const byName = (a: string, b: string) => a.localeCompare(b, undefined, { numeric: true });
const distinct = (values: string[]) => [...new Set(values.filter((value) => value !== ""))].sort(byName);

export function buildGroups(machines: Machine[], { userId, latest, now }: GroupContext): GroupSection[] {
  const standing = [
    group("all", "All machines", machines, () => true),
    group(
      "mine",
      "My sessions",
      machines,
      (m) => m.session?.viewers.some((v) => v.user_id === userId) ?? false,
    ),
    group("online", "Online", machines, (m) => m.online),
    group("outdated", "Outdated", machines, (m) => isOutdated(m, latest)),
    group("long-offline", "Offline > 30 days", machines, (m) => {
      return !m.online && m.last_seen_ms !== null && now - m.last_seen_ms > LONG_OFFLINE_MS;
    }),
    group("never", "Never connected", machines, (m) => m.last_seen_ms === null),
  ];
  const companies: Group[] = [];
  for (const company of distinct(machines.map((m) => m.company))) {
    const own = machines.filter((m) => m.company === company);
    companies.push(group(`company:${company}`, company, own, (m) => m.company === company));
    for (const site of distinct(own.map((m) => m.site))) {
      const holds = (m: Machine) => m.company === company && m.site === site;
      companies.push(group(`site:${company}\n${site}`, site, own, holds, 1));
    }
  }
  const tags = distinct(machines.flatMap((m) => m.tags)).map((tag) =>
    group(`tag:${tag}`, tag, machines, (m) => m.tags.includes(tag)),
  );
  const systems = distinct(machines.map((m) => m.os)).map((os) =>
    group(`os:${os}`, os, machines, (m) => m.os === os),
  );
  return [
    { title: null, groups: standing },
    { title: "Companies", groups: companies },
    { title: "Tags", groups: tags },
    { title: "Systems", groups: systems },
  ].filter((section) => section.groups.length > 0);
}
