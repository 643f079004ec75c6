import { useEffect } from "react";
import { useSettings, useVersion } from "../api/queries";
import { useUser } from "../app/auth";
import { Failure, Forbidden, Loading } from "../ui/states";
import { FileRulesSection } from "./file-rules";
import { ConnectionNoticeSection } from "./settings-notice";

const NAMES: Readonly<Record<string, string>> = {
  public_url: "Public address",
  company: "Company",
  version: "Version",
  database: "Database",
  tls: "TLS in this process",
};

function show(value: unknown): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number") return value.toLocaleString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Nested objects as "limits · input events". */
export function factRows(settings: Record<string, unknown>, prefix = ""): [string, string][] {
  return Object.entries(settings).flatMap(([key, value]): [string, string][] => {
    const words = NAMES[key] ?? key.replaceAll("_", " ");
    const name = prefix === "" ? words : `${prefix} · ${words}`;
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? factRows(value as Record<string, unknown>, name)
      : [[name, show(value)]];
  });
}

export function SettingsPage() {
  const user = useUser();
  const settings = useSettings();
  const version = useVersion();

  useEffect(() => {
    document.title = "Settings · GuruConnect";
  }, []);

  if (user.role !== "admin") return <Forbidden what="the settings" />;
  if (settings.isPending) return <Loading label="Loading settings" />;
  if (settings.isError) {
    return <Failure error={settings.error} what="the settings" retry={() => void settings.refetch()} />;
  }
  return (
    <section className="page">
      <div className="pane-head">
        <h1>Settings</h1>
      </div>
      <ConnectionNoticeSection />
      <h2>Server</h2>
      <p className="muted page-text">
        How this server runs. These values come from its environment and are changed there.
      </p>
      <dl className="facts wide" data-testid="settings-facts">
        {factRows(settings.data).map(([name, value]) => (
          <div key={name} className="fact-row">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {version.data && (
          <div className="fact-row">
            <dt>Commit</dt>
            <dd>
              <code>{version.data.commit}</code> of {version.data.commit_date}
            </dd>
          </div>
        )}
      </dl>
      <FileRulesSection />
      <p className="page-text">
        <a href="/api/docs">API documentation</a>
      </p>
    </section>
  );
}
